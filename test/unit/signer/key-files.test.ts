import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { loadKeyFiles } from '../../../signer/keys/key-files.ts'
import { KeyRingError } from '../../../signer/keys/key-ring.ts'
import { type Entries, makeFolder, makeVolume, mountEntries } from '../../support/folder.ts'

/** Between two swaps; kubelet's are seconds apart. */
const PAUSE_MS = 25
const makeKey = (bytes = 32) => randomBytes(bytes)
const makeText = (bytes = 16) => randomBytes(bytes).toString('hex')

/** The message that loading these entries is refused with. */
async function refusal(entries: Entries): Promise<string> {
  const folder = await makeVolume(entries)
  const error = await loadKeyFiles(folder).then(
    () => new Error('nothing was refused'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(KeyRingError)
  return (error as Error).message
}

describe('takes', () => {
  test('an only key without a primary, with its bytes as they are', async () => {
    const bytes = makeKey()
    const { ring, shortKeys } = await loadKeyFiles(await makeVolume({ HMAC_KEY: bytes }))
    expect(ring.primary.id).toBe('HMAC_KEY')
    expect(ring.primary.material.export()).toEqual(bytes)
    expect(shortKeys).toEqual([])
  })

  test('the key that primary names among several', async () => {
    const entries = { 'key-1': makeKey(), 'key-2': makeKey(), primary: 'key-2' }
    const { ring } = await loadKeyFiles(await makeVolume(entries))
    expect([...ring.keys.keys()]).toEqual(['key-1', 'key-2'])
    expect(ring.primary).toBe(ring.keys.get('key-2'))
  })

  test('names that objects have already', async () => {
    const entries = { __proto___: makeKey(), constructor: makeKey(), primary: 'constructor' }
    const { ring } = await loadKeyFiles(await makeVolume(entries))
    expect(ring.primary.id).toBe('constructor')
    expect(ring.keys.get('toString')).toBeUndefined()
  })

  test('a key of 14 bytes, and says that it is short', async () => {
    const { shortKeys } = await loadKeyFiles(await makeVolume({ old: makeKey(14) }))
    expect(shortKeys).toEqual(['old'])
    expect((await loadKeyFiles(await makeVolume({ old: makeKey(31) }))).shortKeys).toEqual(['old'])
  })

  test('a random key that happens to end in the byte of a newline', async () => {
    const bytes = Buffer.concat([Buffer.from([0x80, 0x00]), makeKey(29), Buffer.from('\n')])
    const { ring } = await loadKeyFiles(await makeVolume({ HMAC_KEY: bytes }))
    expect(ring.primary.material.export()).toEqual(bytes)
  })

  test('a plain folder, and passes over folders in it', async () => {
    const folder = await makeFolder()
    await mkdir(join(folder, 'lost+found'))
    await writeFile(join(folder, 'HMAC_KEY'), makeKey())
    expect([...(await loadKeyFiles(folder)).ring.keys.keys()]).toEqual(['HMAC_KEY'])
  })
})

describe('refuses', () => {
  test.each([
    ['no entries', {}, /^the Secret has no key: add one/],
    ['a primary without keys', { primary: 'a' }, /^the Secret has no key/],
    ['an empty key', { a: '' }, /^key "a" is empty/],
    ['a key of 13 bytes', { a: makeKey(13) }, /^key "a" is under 14 bytes: make a longer one/],
    ['a newline after text', { a: `${makeText()}\n` }, /^key "a" ends in a newline: .*printf/],
    ['CRLF after text', { a: `${makeText()}\r\n` }, /^key "a" ends in a newline/],
    ['nothing but a newline', { a: '\n' }, /^key "a" ends in a newline/],
    ['several keys without primary', { a: makeKey(), b: makeKey() }, /^there are 2 keys \(a, b\)/],
    ['a primary that is no key', { a: makeKey(), primary: 'b' }, /^"primary" names no key/],
    ['an empty primary', { a: makeKey(), primary: '' }, /^"primary" names no key/],
    ['a primary with a newline', { a: makeKey(), primary: 'a\n' }, /^"primary" ends in a newline/],
    [
      'a primary that names itself',
      { a: makeKey(), primary: 'primary' },
      /^"primary" names no key/,
    ],
    ['one bad key among good ones', { a: makeKey(), b: '', primary: 'a' }, /^key "b" is empty/],
    ['a name that no Secret has', { 'a b': makeKey() }, /^an entry has a name/],
  ])('%s, and says what to do', async (_, entries, message) => {
    expect(await refusal(entries)).toMatch(message)
  })

  test('a missing folder, without naming its path', async () => {
    const folder = join(await makeFolder(), 'nowhere')
    await expect(loadKeyFiles(folder)).rejects.toThrow(
      /cannot be read \(ENOENT\): mount the Secret/,
    )
    await expect(loadKeyFiles(folder)).rejects.not.toThrow(/nowhere/)
  })

  test('without a byte of any key in the message', async () => {
    const secret = makeText()
    for (const entries of [
      { a: `${secret}\n` },
      { a: secret, b: secret },
      { a: makeKey(), primary: secret },
      { a: secret.slice(0, 13) },
    ]) {
      expect(await refusal(entries)).not.toContain(secret.slice(0, 13))
    }
  })
})

test('a key ring shows no key when it is printed', async () => {
  const secret = makeText()
  const { ring } = await loadKeyFiles(await makeVolume({ HMAC_KEY: secret }))
  expect(JSON.stringify({ ...ring, keys: [...ring.keys] })).not.toContain(secret)
})

test('is never of two states of the Secret, and never refused because one has gone', async () => {
  const folder = await makeFolder()
  let generation = 0
  let loads = 0
  async function swap(): Promise<void> {
    const key = randomBytes(32)
    generation += 1
    const entries = { a: key, b: key, c: key, primary: 'a' }
    await mountEntries(folder, entries, String(generation))
    await rm(join(folder, `..2026_${generation - 1}`), { recursive: true, force: true })
  }
  await swap()
  let isSwapping = true
  const load = async () => {
    for (; isSwapping; loads++) {
      const { ring } = await loadKeyFiles(folder)
      const { material } = ring.primary
      expect([...ring.keys.values()].every((key) => key.material.equals(material))).toBe(true)
    }
  }
  const loading = Promise.all([load(), load()])
  for (let count = 0; count < 20; count++) {
    await swap()
    await sleep(PAUSE_MS)
  }
  isSwapping = false
  await loading
  expect(loads).toBeGreaterThan(10)
})
