// The frontend agrees with the test vectors of the clients.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createCallerToken } from '../../../frontend/caller-token.ts'
import { createPairing } from '../../../frontend/pairing.ts'
import { isSignerUrl, readTarget } from '../../../frontend/signer-url.ts'
import { makeFolder, makeVolume } from '../../support/folder.ts'
import { decodeBody, vectors } from '../../support/vectors.ts'

async function makeSecret(hex: string): Promise<string> {
  const file = join(await makeFolder(), 'secret')
  await writeFile(file, Buffer.from(hex, 'hex'))
  return file
}

test.each(vectors.signatures)('signs: $title', async (vector) => {
  const { method, path, body, created, headers, secret } = vector
  const pairing = createPairing(await makeSecret(secret), () => created * 1_000 + 999)
  const signed = pairing.sign({ method, path, body: decodeBody(body) }).headers
  expect(new Headers(signed)).toEqual(new Headers(headers))
})

test.each(vectors.secrets.invalid)('refuses a secret: $title', async ({ secret, reason }) => {
  const { sign } = createPairing(await makeSecret(secret))
  expect(() => sign({ method: 'GET', path: '/keys', body: Buffer.alloc(0) })).toThrow(reason)
})

describe('tokens', () => {
  test.each(vectors.tokens.valid)('reads: $title', async ({ file, token, exp }) => {
    let now = exp * 1_000 - 1
    const path = join(await makeVolume({ token: file }), 'token')
    const { read } = createCallerToken(path, { now: () => now })
    expect(read()).toBe(token)
    now += 1
    expect(read).toThrow('has expired')
  })

  test.each(vectors.tokens.invalid)('refuses: $title', async ({ file, reason }) => {
    const path = join(await makeVolume({ token: file }), 'token')
    expect(createCallerToken(path, { now: () => 0 }).read).toThrow(reason)
  })
})

describe('URLs', () => {
  test.each(vectors.urls.valid)('reads: $url', ({ url, host, port, socket, path }) => {
    expect(isSignerUrl(url)).toBe(true)
    const target = readTarget(new URL(url))
    expect(target.path).toBe(path)
    const wanted = socket === undefined ? { hostname: host } : { socketPath: socket }
    expect(target.connect).toMatchObject(wanted)
    if ('port' in target.connect) expect(Number(target.connect.port ?? 80)).toBe(port)
  })

  test.each(vectors.urls.invalid)('refuses: %s', (url) => {
    expect(isSignerUrl(url)).toBe(false)
  })
})
