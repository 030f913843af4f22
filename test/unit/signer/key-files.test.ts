import { createSecretKey, randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { loadKeyFiles } from '../../../signer/keys/key-files.ts'
import { KeyRingError } from '../../../signer/keys/key-ring.ts'
import { type Entries, makeFolder, makeVolume, mountEntries } from '../../support/folder.ts'
import { WAIT_MS } from '../../support/timeouts.ts'

const makeKey = (bytes = 32) => randomBytes(bytes)
const makeText = (bytes = 16) => randomBytes(bytes).toString('hex')

/** Returns the message of the refusal of these entries. */
async function refusal(entries: Entries): Promise<string> {
  const folder = await makeVolume(entries)
  const error = await loadKeyFiles(folder).then(
    () => new Error('nothing was refused'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(KeyRingError)
  return (error as Error).message
}

describe('loads', () => {
  test('a single key without a primary, with its bytes unchanged', async () => {
    const bytes = makeKey()
    const { ring, shortKeys } = await loadKeyFiles(await makeVolume({ HMAC_KEY: bytes }))
    expect(ring.raw[0]?.id).toBe('HMAC_KEY')
    expect(ring.raw[0]?.material.export()).toEqual(bytes)
    expect(shortKeys).toEqual([])
  })

  test('the key that primary names among several', async () => {
    const entries = { 'key-1': makeKey(), 'key-2': makeKey(), primary: 'key-2' }
    const { ring } = await loadKeyFiles(await makeVolume(entries))
    expect(ring.raw.map(({ id }) => id)).toEqual(['key-2', 'key-1'])
  })

  test('names that JavaScript objects already have', async () => {
    const entries = { __proto___: makeKey(), constructor: makeKey(), primary: 'constructor' }
    const { ring } = await loadKeyFiles(await makeVolume(entries))
    expect(ring.raw[0]?.id).toBe('constructor')
    expect(ring.raw).toHaveLength(2)
  })

  test('a key of 14 bytes, and reports that it is short', async () => {
    const { shortKeys } = await loadKeyFiles(await makeVolume({ old: makeKey(14) }))
    expect(shortKeys).toEqual(['old'])
    expect((await loadKeyFiles(await makeVolume({ old: makeKey(31) }))).shortKeys).toEqual(['old'])
  })

  test('a random key that ends with the byte of a newline', async () => {
    const bytes = Buffer.concat([Buffer.from([0x80, 0x00]), makeKey(29), Buffer.from('\n')])
    const { ring } = await loadKeyFiles(await makeVolume({ HMAC_KEY: bytes }))
    expect(ring.raw[0]?.material.export()).toEqual(bytes)
  })

  test('a plain folder, and ignores folders in it', async () => {
    const folder = await makeFolder()
    await mkdir(join(folder, 'lost+found'))
    await writeFile(join(folder, 'HMAC_KEY'), makeKey())
    expect((await loadKeyFiles(folder)).ring.raw.map(({ id }) => id)).toEqual(['HMAC_KEY'])
  })
})

describe('webhook keys', () => {
  const bytes = makeKey(24)
  const secret = `whsec_${bytes.toString('base64')}`

  test('have the bytes that their text encodes, with or without padding', async () => {
    for (const length of [24, 25, 26, 32, 64]) {
      const key = makeKey(length)
      const padded = `whsec_${key.toString('base64')}`
      for (const text of [padded, padded.replace(/=+$/, '')]) {
        const { ring, shortKeys } = await loadKeyFiles(await makeVolume({ hook: text }))
        expect([ring.raw, ring.webhook[0]?.material.export()]).toEqual([[], key])
        expect(shortKeys).toEqual([])
      }
    }
  })

  test('have a primary of their own', async () => {
    const hooks = { 'hook-1': `whsec_${makeKey().toString('base64')}`, 'hook-2': secret }
    const keys = { 'key-1': makeKey(), 'key-2': makeKey(), primary: 'key-2' }
    const entries = { ...hooks, ...keys, 'webhook-primary': 'hook-2' }
    const { ring } = await loadKeyFiles(await makeVolume(entries))
    expect(ring.raw.map(({ id }) => id)).toEqual(['key-2', 'key-1'])
    expect(ring.webhook.map(({ id }) => id)).toEqual(['hook-2', 'hook-1'])
  })

  test('need no primary beside one raw key', async () => {
    const { ring } = await loadKeyFiles(await makeVolume({ HMAC_KEY: makeKey(), hook: secret }))
    expect([ring.raw[0]?.id, ring.webhook[0]?.id]).toEqual(['HMAC_KEY', 'hook'])
  })

  test('are short under 24 bytes', async () => {
    const hook = `whsec_${makeKey(23).toString('base64')}`
    expect((await loadKeyFiles(await makeVolume({ hook }))).shortKeys).toEqual(['hook'])
  })

  test('are told by their text alone, so an audit key may look like one', async () => {
    const { ring } = await loadKeyFiles(await makeVolume({ a: makeKey(), 'audit-key': secret }))
    expect([ring.webhook, ring.auditKey?.export()]).toEqual([[], Buffer.from(secret)])
  })
})

describe('refuses', () => {
  const hook = `whsec_${makeKey().toString('base64')}`
  test.each([
    [
      'a secret that is not base64',
      { hook: 'whsec_a.b' },
      /^key "hook" is not base64 after whsec_/,
    ],
    ['a secret that was cut', { hook: hook.slice(0, 47) }, /^key "hook" is not base64 after/],
    [
      'an empty secret',
      { hook: 'whsec_' },
      /^key "hook" is shorter than 14 bytes: make one with whsec_ and openssl rand -base64 32$/,
    ],
    [
      'a raw key with the bytes of a webhook key',
      { a: Buffer.from(hook.slice(6), 'base64'), hook },
      /^key "a" is a webhook key: remove it$/,
    ],
    [
      'a secret of 13 bytes',
      { hook: `whsec_${makeKey(13).toString('base64')}` },
      /^key "hook" is sh/,
    ],
    ['a newline after a secret', { hook: `${hook}\n` }, /^key "hook" ends with a newline/],
    ['a secret in quotes', { hook: `"${hook}"` }, /^key "hook" is in quotes/],
    [
      'several webhook keys without a primary one',
      { a: makeKey(), b: hook, c: `whsec_${makeKey().toString('base64')}` },
      /^there are 2 keys \(b, c\): name the one that signs in an entry "webhook-primary"$/,
    ],
    [
      'a webhook key as primary',
      { a: makeKey(), hook, primary: 'hook' },
      /^"primary" names no key: set it to one of a$/,
    ],
    [
      'a raw key as webhook-primary',
      { a: makeKey(), hook, 'webhook-primary': 'a' },
      /^"webhook-primary" names no key: set it to one of hook$/,
    ],
    [
      'a primary beside webhook keys alone',
      { hook, primary: 'a' },
      /^"primary" names no key: remove it$/,
    ],
    ['no entries', {}, /^the Secret has no key: add one/],
    ['a primary without keys', { primary: 'a' }, /^the Secret has no key/],
    ['an empty key', { a: '' }, /^key "a" is empty/],
    ['a key of 13 bytes', { a: makeKey(13) }, /^key "a" is shorter than 14 bytes: make one with/],
    ['a newline after text', { a: `${makeText()}\n` }, /^key "a" ends with a newline: .*printf/],
    ['a spoiled key that is short, too', { a: 'short\r\n' }, /^key "a" has line breaks of Windows/],
    ['several keys without primary', { a: makeKey(), b: makeKey() }, /^there are 2 keys \(a, b\)/],
    ['a primary that is not a key', { a: makeKey(), primary: 'b' }, /^"primary" names no key/],
    ['an empty primary', { a: makeKey(), primary: '' }, /^"primary" names no key/],
    [
      'a primary with a newline',
      { a: makeKey(), primary: 'a\n' },
      /^"primary" ends with a newline/,
    ],
    [
      'a primary in UTF-16',
      { a: makeKey(), primary: Buffer.from('a', 'utf16le') },
      /^"primary" is UTF-16/,
    ],
    [
      'a primary that names itself',
      { a: makeKey(), primary: 'primary' },
      /^"primary" names no key/,
    ],
    [
      'one invalid key among valid ones',
      { a: makeKey(), b: '', primary: 'a' },
      /^key "b" is empty/,
    ],
    ['a name that a Secret cannot have', { 'a b': makeKey() }, /^an entry has a name/],
  ])('%s, with a message that says what to do', async (_, entries, message) => {
    expect(await refusal(entries)).toMatch(message)
  })

  test('a missing folder, and does not name its path', async () => {
    const folder = join(await makeFolder(), 'nowhere')
    await expect(loadKeyFiles(folder)).rejects.toThrow(
      /cannot be read \(ENOENT\): mount the Secret/,
    )
    await expect(loadKeyFiles(folder)).rejects.not.toThrow(/nowhere/)
  })

  test('any keys without a byte of them in the message', async () => {
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

test('a printed key ring shows no key', async () => {
  const secret = makeText()
  const { ring } = await loadKeyFiles(await makeVolume({ HMAC_KEY: secret }))
  expect(JSON.stringify(ring)).not.toContain(secret)
})

test('never mixes two generations of the Secret, and never fails because one was deleted', async () => {
  const folder = await makeFolder()
  let generation = 0
  const loads: [number, number] = [0, 0]
  async function swap(): Promise<void> {
    const key = randomBytes(32)
    generation += 1
    const entries = { a: key, b: key, c: key, primary: 'a' }
    await mountEntries(folder, entries, String(generation))
    await rm(join(folder, `..2026_${generation - 1}`), { recursive: true, force: true })
  }
  await swap()
  let isSwapping = true
  const load = async (loader: 0 | 1) => {
    for (; isSwapping; loads[loader] += 1) {
      const { ring } = await loadKeyFiles(folder)
      const [{ material } = { material: createSecretKey(makeKey()) }] = ring.raw
      expect(ring.raw.every((key) => key.material.equals(material))).toBe(true)
    }
  }
  const loading = Promise.all([load(0), load(1)])
  for (let count = 0; count < 20; count++) {
    await swap()
    // kubelet's swaps are seconds apart: no load sees more than one.
    const before = [...loads]
    const hasLoaded = () => loads.every((each, loader) => each > (before[loader] ?? 0))
    await vi.waitFor(() => expect(hasLoaded()).toBe(true), { timeout: WAIT_MS, interval: 1 })
  }
  isSwapping = false
  await loading
})
