// clients/vectors.json, which the clients of every language and the signer share. OpenSSL repeats each digest and signature.
import { execFileSync } from 'node:child_process'
import { createSecretKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createHttpApp, makeAnswer } from '../../../runtime/http/http-app.ts'
import { createMetrics } from '../../../runtime/metrics.ts'
import { createPairingCheck } from '../../../signer/pairing.ts'
import { createMemoryLog } from '../../support/services/logged.ts'
import { decodeBody, type SignatureVector, vectors } from '../../support/vectors.ts'

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
    const mac = ['-mac', 'HMAC', '-macopt', `hexkey:${secret}`]
    expect(base).toBe(lines.join('\n'))
    expect(headers).toEqual({
      'Content-Digest': digest,
      'Signature-Input': `sig1=${params}`,
      Signature: `sig1=:${openssl(Buffer.from(base), mac)}:`,
    })
  })
})
