// Frontend and signer understand each other when one of them is of version 0.1.0. The bodies below were recorded from
// version 0.1.0. Delete this file together with runtime/previous-version.ts.
import { createSecretKey } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { parseSignerUrl, type SignerTarget } from '../../client/settings.ts'
import { createSignerClient } from '../../frontend/signer-client.ts'
import type { App } from '../../runtime/http/http-app.ts'
import { serve } from '../support/services/http.ts'
import { makeSignerApp } from '../support/services/signer-app.ts'

const key = { id: 'key-1', material: createSecretKey(Buffer.alloc(20, 0x0b)) }
const signer = makeSignerApp({ raw: [key], webhook: [] })
const mac = 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'

/** Sends a body to the signer and returns the status and the text of the answer. */
async function send(app: App, path: string, body: string, headers = {}): Promise<string> {
  const init = { headers: { 'content-type': 'application/json', ...headers } }
  const response = await app.request(path, body === '' ? init : { ...init, method: 'POST', body })
  return `${response.status} ${await response.text()}`
}

describe('a frontend of 0.1.0 and a signer of this version', () => {
  test.each([
    [
      '/sign',
      '{"message":"Hi There"}',
      `{"signature":"${mac}","keyId":"key-1","algorithm":"HMAC-SHA256"}`,
    ],
    [
      '/sign',
      '{"message":"Hi There","keyId":"key-1"}',
      `{"signature":"${mac}","keyId":"key-1","algorithm":"HMAC-SHA256"}`,
    ],
    [
      '/sign/batch',
      '{"messages":["Hi There"],"keyId":"key-1"}',
      `{"keyId":"key-1","algorithm":"HMAC-SHA256","signatures":["${mac}"]}`,
    ],
    [
      '/verify',
      `{"message":"Hi There","signature":"${mac}","keyId":"key-1"}`,
      '{"valid":true,"keyId":"key-1"}',
    ],
    ['/verify', `{"message":"Hi","signature":"${mac}"}`, '{"valid":false}'],
    ['/keys', '', '{"keys":[{"keyId":"key-1","state":"primary","form":"raw"}]}'],
  ])('%s answers in the form of 0.1.0 (%#)', async (path, request, answer) => {
    expect(await send(signer, path, request)).toBe(`200 ${answer}`)
  })

  test('the signer refuses both forms in one request', async () => {
    const answer = await send(signer, '/sign', '{"message":"a","key_id":"key-1","keyId":"key-1"}')
    expect(answer).toMatch(/^400 .*"code":"invalid_request".*"field":"keyId"/)
  })

  test('a caller of this version gets its own form for either request', async () => {
    for (const name of ['key_id', 'keyId']) {
      const request = `{"message":"Hi There","${name}":"key-1"}`
      expect(await send(signer, '/sign', request, { 'x-json-case': 'snake' })).toBe(
        `200 {"signature":"${mac}","key_id":"key-1","algorithm":"HMAC-SHA256"}`,
      )
    }
  })
})

describe('a frontend of this version and a signer of 0.1.0', () => {
  const answers = {
    '0.1.0': `{"signature":"${mac}","keyId":"key-1","algorithm":"HMAC-SHA256"}`,
    '0.2.0': `{"signature":"${mac}","key_id":"key-1","algorithm":"HMAC-SHA256"}`,
  }

  test.each(Object.entries(answers))('accepts the answer of a signer of %s', async (_, answer) => {
    const requests: unknown[] = []
    const url = await serve(async (incoming, outgoing) => {
      requests.push([incoming.headers['x-json-case'], await text(incoming)])
      outgoing.end(answer)
    })
    const target = parseSignerUrl(url.href) as SignerTarget
    const credentials = { callerToken: undefined, pairing: undefined }
    const ask = createSignerClient({ target, timeoutMs: 5_000, ...credentials })
    const expected = { signature: mac, key_id: 'key-1', algorithm: 'HMAC-SHA256' }
    expect(await ask('Hi There', 'id')).toEqual(expected)
    // A signer of 0.1.0 refuses any other field, and ignores the header.
    expect(requests).toEqual([['snake', '{"message":"Hi There"}']])
  })
})
