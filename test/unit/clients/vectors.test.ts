// clients/vectors.json, which the clients of every language and the signer share. OpenSSL repeats each digest and signature.
import { isUtf8 } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { createSecretKey } from 'node:crypto'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createHttpApp, makeAnswer } from '../../../runtime/http/http-app.ts'
import { createMetrics } from '../../../runtime/metrics.ts'
import { judgeKeys, WEBHOOK_PRIMARY } from '../../../signer/keys/key-files.ts'
import { createPairingCheck } from '../../../signer/pairing.ts'
import { post } from '../../support/services/http.ts'
import { createMemoryLog } from '../../support/services/logged.ts'
import { makeSignerApp } from '../../support/services/signer-app.ts'
import {
  type Body,
  decodeBody,
  type SignatureVector,
  vectors,
  type WebhookVector,
} from '../../support/vectors.ts'

/** Asks the signer's own check about a request that arrives `later` seconds after its time of creation. */
async function checkRequest(
  { secret, method, path, headers, created }: SignatureVector,
  body: Buffer,
  later = 0,
): Promise<number> {
  const app = createHttpApp(createMemoryLog().log, createMetrics())
  const key = createSecretKey(Buffer.from(secret, 'hex'))
  const admit = createPairingCheck(key, () => (created + later) * 1_000)
  app.all(path, (c) => {
    admit(c)(body)
    return makeAnswer(c, '{}')
  })
  return (await app.request(path, { method, headers })).status
}

function openssl(input: Uint8Array, options: readonly string[]): string {
  const args = ['dgst', '-sha256', ...options, '-binary']
  return execFileSync('openssl', args, { input }).toString('base64')
}

function hmac(key: Buffer, input: Uint8Array): string {
  return openssl(input, ['-mac', 'HMAC', '-macopt', `hexkey:${key.toString('hex')}`])
}

describe.each(vectors.signatures)('$title', (vector) => {
  const { headers, signature_base: base, secret } = vector
  const body = decodeBody(vector.body)

  test('the signer admits it, but not a minute later or with another body', async () => {
    expect(await checkRequest(vector, body)).toBe(200)
    expect(await checkRequest(vector, body, 61)).toBe(403)
    expect(await checkRequest(vector, Buffer.concat([body, Buffer.from(' ')]))).toBe(403)
  })

  test('OpenSSL computes the same from the text of the signature base', () => {
    const digest = `sha-256=:${openssl(body, [])}:`
    const params = `("@method" "@path" "content-digest");created=${vector.created};keyid="pairing";alg="hmac-sha256"`
    const lines = [
      `"@method": ${vector.method}`,
      `"@path": ${vector.path}`,
      `"content-digest": ${digest}`,
      `"@signature-params": ${params}`,
    ]
    expect(base).toBe(lines.join('\n'))
    expect(headers).toEqual({
      'Content-Digest': digest,
      'Signature-Input': `sig1=${params}`,
      Signature: `sig1=:${hmac(Buffer.from(secret, 'hex'), Buffer.from(base))}:`,
    })
  })
})

/** The two steps of RFC 5869, for a key of 32 bytes without salt. */
function hkdf(secret: Buffer, info: string): string {
  const pseudorandomKey = Buffer.from(hmac(Buffer.alloc(32), secret), 'base64')
  return hmac(pseudorandomKey, Buffer.concat([Buffer.from(info), Buffer.of(1)]))
}

const decodeSecret = (text: string) => Buffer.from(text.replace(/^whsec_/, ''), 'base64')

function deriveSecrets({ keys, consumer, consumer_versions: versions = [1] }: WebhookVector) {
  return keys.flatMap((key) =>
    versions.map((version) => {
      const info = `webhook-consumer:${version}:${consumer}`
      return { info, secret: `whsec_${hkdf(decodeSecret(key), info)}` }
    }),
  )
}

test.each(vectors.webhooks.signatures)('OpenSSL signs the webhook: $title', (vector) => {
  const { id, timestamp, keys, consumer, derived } = vector
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), decodeBody(vector.body)])
  expect(decodeBody(vector.signed)).toEqual(signed)
  expect(derived).toEqual(consumer === undefined ? undefined : deriveSecrets(vector))
  const secrets = derived?.map(({ secret }) => secret) ?? keys
  const signatures = secrets.map((secret) => `v1,${hmac(decodeSecret(secret), signed)}`)
  expect(vector.webhook_signature).toBe(signatures.join(' '))
})

/** Starts the signer with these webhook keys, the primary first. Its clock says `seconds`. Returns what answers a request. */
function startSigner(keys: readonly string[], seconds: number) {
  vi.useFakeTimers({ toFake: ['Date'], now: seconds * 1_000 + 999 })
  onTestFinished(() => void vi.useRealTimers())
  const entries = keys.map((key, index) => [`webhook-${index}`, Buffer.from(key)] as const)
  const primary = [WEBHOOK_PRIMARY, Buffer.from('webhook-0')] as const
  const app = makeSignerApp(judgeKeys(new Map([...entries, primary])).ring)
  return (body: Body, options: object) => {
    const content = decodeBody(body)
    const encoded = isUtf8(content)
      ? { body: content.toString() }
      : { body: content.toString('base64'), encoding: 'base64' }
    return post(app, '/sign', { ...encoded, ...options })
  }
}

test.each(vectors.webhooks.signatures)('the signer signs the webhook: $title', async (vector) => {
  const { keys, timestamp, body, id, consumer, consumer_versions } = vector
  const answer = await startSigner(keys, timestamp)(body, { id, consumer, consumer_versions })
  expect(answer.body).toMatchObject({
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': vector.webhook_signature,
    },
  })
})

describe('at the clock of the vectors', () => {
  const { clock, refused, passed } = vectors.webhooks.bodies
  const [first] = vectors.webhooks.signatures
  const sign = (body: Body) => startSigner(first?.keys ?? [], clock)(body, {})
  const describeBody = (body: Body) => ({ title: JSON.stringify(body), body })

  test.each(refused.map(describeBody))('the signer refuses $title', async ({ body }) => {
    expect((await sign(body)).body).toMatchObject({ status: 400, code: 'ambiguous_body' })
  })

  test.each(passed.map(describeBody))('the signer signs $title', async ({ body }) => {
    const headers = { 'webhook-timestamp': String(clock) }
    expect((await sign(body)).body).toMatchObject({ headers })
  })
})
