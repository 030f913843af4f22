// All keys in one file: they are loaded or refused together, and other files in the folder are ignored.
import { randomBytes } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { describeGeneration, loadKeyFiles } from '../../../signer/keys/key-files.ts'
import { KeyRingError } from '../../../signer/keys/key-ring.ts'
import { makeFolder } from '../../support/folder.ts'

const BUNDLE = 'keys.json'
const encode = (bytes: string | Uint8Array) => Buffer.from(bytes).toString('base64')
const good = () => encode(randomBytes(32))

async function load(text: string) {
  const folder = await makeFolder()
  await writeFile(join(folder, BUNDLE), text)
  return loadKeyFiles(folder, BUNDLE)
}

test('loads the bytes of each entry', async () => {
  const bytes = randomBytes(32)
  const { ring } = await load(
    JSON.stringify({ v1: good(), v2: encode(bytes), primary: encode('v2') }),
  )
  expect(ring.raw.map(({ id }) => id)).toEqual(['v2', 'v1'])
  expect(ring.raw[0]?.material.export()).toEqual(bytes)
})

test('ignores a newline after base64', async () => {
  const bytes = randomBytes(32)
  const { ring } = await load(JSON.stringify({ v1: `${encode(bytes)}\n` }))
  expect(ring.raw[0]?.material.export()).toEqual(bytes)
})

describe('refuses', () => {
  const secret = 'hunter2hunter2hunter2'
  test.each([
    ['half a file', `{"v1":"${secret}`, 'not a JSON object'],
    ['a string', `"${secret}"`, 'not a JSON object'],
    ['a key that is not base64', JSON.stringify({ v1: `${secret}!` }), 'key "v1" is not base64'],
    ['a key that is null', '{"v1":null}', 'key "v1" is not base64'],
    [
      'a short key',
      JSON.stringify({ v1: encode(secret.slice(0, 7)) }),
      'key "v1" is shorter than 14 bytes',
    ],
    ['no key', JSON.stringify({ primary: encode('v0') }), 'has no key'],
    [
      'a primary that names a missing key',
      JSON.stringify({ v1: good(), primary: encode('v2') }),
      '"primary" names no key',
    ],
  ])('%s, and quotes no byte of it', async (_, text, message) => {
    const error = await load(text).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(KeyRingError)
    expect(String(error)).toContain(message)
    expect(String(error)).not.toContain(secret.slice(0, 7))
  })

  test('a missing file, and reads no other file instead', async () => {
    const folder = await makeFolder()
    await writeFile(join(folder, '1234567890'), randomBytes(32))
    await expect(loadKeyFiles(folder, BUNDLE)).rejects.toThrow('cannot be read (ENOENT)')
    await expect(describeGeneration(folder, BUNDLE)).rejects.toThrow('cannot be read (ENOENT)')
  })
})

test('the generation changes only when the file itself is replaced', async () => {
  const folder = await makeFolder()
  const file = join(folder, BUNDLE)
  await writeFile(file, '{}')
  const before = await describeGeneration(folder, BUNDLE)
  await writeFile(join(folder, '1234567890'), '{}')
  expect(await describeGeneration(folder, BUNDLE)).toBe(before)
  await rename(join(folder, '1234567890'), file)
  expect(await describeGeneration(folder, BUNDLE)).not.toBe(before)
})
