// The client agrees with the test vectors that it shares with the clients of other languages.

import { createSecretKey } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createCallerToken } from '../../../client/caller-token.ts'
import { createWebhookSigner } from '../../../client/index.ts'
import { createPairing } from '../../../client/pairing.ts'
import { parseSignerUrl, readSettings } from '../../../client/settings.ts'
import { createHttpServer } from '../../../runtime/http/http-server.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { makeFolder, makeVolume } from '../../support/folder.ts'
import { listenOnLoopback } from '../../support/services/http.ts'
import { makeSignerApp } from '../../support/services/signer-app.ts'
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
    const target = parseSignerUrl(url)
    expect(target?.path).toBe(path)
    if (target === undefined || 'socketPath' in target.connect) {
      expect(target?.connect).toEqual({ socketPath: socket })
    } else {
      const { hostname, port: found = '80' } = target.connect
      expect([hostname, Number(found)]).toEqual([host, port])
    }
  })

  test.each(vectors.urls.invalid)('refuses: %s', (url) => {
    expect(parseSignerUrl(url)).toBeUndefined()
  })
})

describe('settings', () => {
  test.each(vectors.settings.valid)('reads: $title', ({ environment, url, ...files }) => {
    const { token_file: tokenFile, secret_file: secretFile } = files
    const read = readSettings(environment)
    expect([read.url, read.tokenFile ?? null, read.secretFile ?? null]).toEqual([
      url,
      tokenFile,
      secretFile,
    ])
  })

  test.each(vectors.settings.invalid)('refuses: $title', ({ environment, variable }) => {
    expect(() => readSettings(environment)).toThrow(new RegExp(`^${variable}: must be `))
  })
})

describe('webhooks, with the app of the signer', () => {
  /** Starts it with these keys, at this time. */
  async function start(keys: string[], seconds: number) {
    vi.useFakeTimers({ toFake: ['Date'], now: seconds * 1_000 })
    onTestFinished(() => void vi.useRealTimers())
    const webhook = keys.map((key, index) => {
      const material = createSecretKey(Buffer.from(key.replace('whsec_', ''), 'base64'))
      return { id: `webhook-${index}`, material }
    })
    const server = createHttpServer(makeSignerApp({ raw: [], webhook }), () => false)
    cleanUp(() => server.closeAllConnections())
    const environment = {
      SIGNER_URL: `http://127.0.0.1:${await listenOnLoopback(server)}/sign`,
      CALLER_TOKEN_FILE: 'none',
      PAIRING_SECRET_FILE: await makeSecret('00'.repeat(32)),
    }
    return createWebhookSigner({ environment, timeoutMs: 5_000 })
  }

  test.each(vectors.webhooks.signatures)('signs: $title', async (vector) => {
    const { keys, id, timestamp, body, consumer, consumer_versions: consumerVersions } = vector
    const signWebhook = await start(keys, timestamp)
    expect(await signWebhook(decodeBody(body), { id, consumer, consumerVersions })).toEqual({
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': vector.webhook_signature,
    })
  })

  test('refuses bodies that are ambiguous, and signs the others', async () => {
    const { clock, refused, passed } = vectors.webhooks.bodies
    const signWebhook = await start(vectors.webhooks.signatures[0]?.keys ?? [], clock)
    const codes = (bodies: typeof refused) =>
      Promise.all(
        bodies.map((body) => signWebhook(decodeBody(body)).then(Object.keys, ({ code }) => code)),
      )
    expect(await codes(refused)).toEqual(refused.map(() => 'ambiguous_body'))
    const headers = ['webhook-id', 'webhook-timestamp', 'webhook-signature']
    expect(await codes(passed)).toEqual(passed.map(() => headers))
  })
})
