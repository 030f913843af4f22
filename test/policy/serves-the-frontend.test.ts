// Attack 1, which is none: the frontend with everything right gets what it asks for, and nothing it may not ask.
import { beforeAll, describe, expect, test } from 'vitest'
import { readKey } from '../../tools/deploy/keys/hmac-key.ts'
import { computeOpensslHmac } from '../../tools/deploy/openssl-hmac.ts'
import { probeFrom } from '../../tools/verify/attack/containers.ts'
import type { Outcome } from '../../tools/verify/attack/probe.ts'
import {
  bearer,
  type RequestParts,
  readJsonBody,
  readStatus,
  signParts,
  snakeCase,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import { findTarget, SIGNER_IN_POD, stealCredentials } from '../../tools/verify/attack/target.ts'

async function askAsFrontend(requests: readonly RequestParts[]): Promise<Outcome[]> {
  const target = await findTarget()
  const { token, pairing } = await stealCredentials(target)
  const probes = requests.map((parts) => {
    const bytes = writeRequest(
      signParts(pairing, { ...parts, headers: { ...bearer(token), ...snakeCase } }),
    )
    return { ...SIGNER_IN_POD, bytes }
  })
  return probeFrom(target.frontend, probes)
}

/** Returns JSON in ASCII. */
function encode(request: unknown): string {
  return JSON.stringify(request).replace(/[^ -~]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

describe('the frontend with everything right', () => {
  const message = 'grüße'
  let keyId: string
  let signature: string

  beforeAll(async () => {
    const [outcome] = await askAsFrontend([{ method: 'GET', path: '/keys' }])
    const { keys } = readJsonBody(outcome?.received ?? '') as { keys: Record<string, string>[] }
    keyId = keys.find(({ state }) => state === 'primary')?.key_id ?? ''
    signature = await computeOpensslHmac(await readKey(keyId), Buffer.from(message))
  })

  test('gets the signature that OpenSSL computes, of one message and of many', async () => {
    const outcomes = await askAsFrontend([
      { path: '/sign', body: encode({ message }) },
      { path: '/sign/batch', body: encode({ messages: [message, message] }) },
    ])
    const algorithm = 'HMAC-SHA256'
    expect(outcomes.map(({ received }) => readJsonBody(received))).toEqual([
      { signature, key_id: keyId, algorithm },
      { signatures: [signature, signature], key_id: keyId, algorithm },
    ])
  })

  test('is told whether a signature is valid', async () => {
    const wrong = signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))
    const outcomes = await askAsFrontend(
      [signature, wrong].map((each) => ({
        path: '/verify',
        body: encode({ message, signature: each }),
      })),
    )
    expect(outcomes.map(({ received }) => readJsonBody(received))).toEqual([
      { valid: true, key_id: keyId },
      { valid: false },
    ])
  })

  test.each(['/healthz', '/sign', '/'])('may not GET %s', async (path) => {
    const [outcome] = await askAsFrontend([{ method: 'GET', path }])
    expect(readStatus(outcome?.received ?? '')).toBe(403)
  })
})
