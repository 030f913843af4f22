// Attack 1, the allowed counterpart: the frontend with all its credentials gets what it may have, and nothing else.
import { beforeAll, describe, expect, test } from 'vitest'
import { readKey } from '../../tools/deploy/keys/hmac-key.ts'
import { computeOpensslHmac } from '../../tools/deploy/openssl-hmac.ts'
import {
  type RequestParts,
  readJsonBody,
  snakeCase,
  withCredentials,
} from '../../tools/verify/attack/requests.ts'
import { findTarget, SIGNER_IN_POD, stealCredentials } from '../../tools/verify/attack/target.ts'
import { send } from '../support/attack/send.ts'

/** JSON in ASCII, because a request has one byte for each character. */
function encode(request: unknown): string {
  return JSON.stringify(request).replace(/[^ -~]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

describe('the frontend with all its credentials', () => {
  const message = 'grüße'
  let ask: (parts: RequestParts) => ReturnType<typeof send>
  let keyId: string
  let signature: string

  beforeAll(async () => {
    const target = await findTarget()
    const stolen = await stealCredentials(target)
    ask = (parts) => {
      const signed = withCredentials(stolen, { ...parts, headers: snakeCase })
      return send(target.frontend, SIGNER_IN_POD, signed)
    }
    const { received } = await ask({ method: 'GET', path: '/keys' })
    const { keys } = readJsonBody(received) as { keys: Record<string, string>[] }
    keyId = keys.find(({ state }) => state === 'primary')?.key_id ?? ''
    signature = await computeOpensslHmac(await readKey(keyId), Buffer.from(message))
  })

  const post = async (path: string, body: unknown) =>
    readJsonBody((await ask({ path, body: encode(body) })).received)

  test('gets the signature that OpenSSL computes, for one message and for several', async () => {
    const common = { key_id: keyId, algorithm: 'HMAC-SHA256' }
    expect(await post('/sign', { message })).toEqual({ signature, ...common })
    expect(await post('/sign/batch', { messages: [message, message] })).toEqual({
      signatures: [signature, signature],
      ...common,
    })
  })

  test('learns whether a signature is valid', async () => {
    const wrong = signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))
    expect(await post('/verify', { message, signature })).toEqual({ valid: true, key_id: keyId })
    expect(await post('/verify', { message, signature: wrong })).toEqual({ valid: false })
  })

  test.each(['/healthz', '/sign', '/'])('is refused for GET %s', async (path) => {
    expect((await ask({ method: 'GET', path })).status).toBe(403)
  })
})
