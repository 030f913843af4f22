// Where signing.yaml says that the signature is in an application's answer.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { computeOpensslHkdf } from '../../../tools/deploy/openssl-hmac.ts'
import { sendSmoke } from '../../../tools/deploy/smoke/send-smoke.ts'
import { readSignedAnswer, readSignedWebhook } from '../../../tools/deploy/smoke/signed-answer.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { deriveKey } from '../../support/webhooks/receivers.ts'

const signature = 'a'.repeat(64)
const where = { signature: '/signed/0/a~1b', keyId: '/key', message: '/text' }
const body = (content: object) => JSON.stringify(content)

test('is found by JSON pointers', () => {
  const content = body({ signed: [{ 'a/b': signature }], key: 'k1', text: 'grüße 🔏' })
  expect(readSignedAnswer(content, where)).toEqual({ signature, keyId: 'k1', message: 'grüße 🔏' })
})

test('the signed text may be in signing.yaml', () => {
  const found = readSignedAnswer(body({ s: signature, k: 'k1' }), {
    ...{ signature: '/s', keyId: '/k', signed: 'hello' },
  })
  expect(found.message).toBe('hello')
})

test.each([
  ['no JSON', '<html>', 'no text at /signed/0/a~1b: <html>'],
  ['nothing', '', 'no text at /signed/0/a~1b: (no content)'],
  [
    'a member of the prototype',
    body({ signed: [], constructor: 'x' }),
    'no text at /signed/0/a~1b',
  ],
  ['no key id', body({ signed: [{ 'a/b': signature }], text: 'x' }), 'no text at /key'],
  [
    'a signed object',
    body({ signed: [{ 'a/b': signature }], key: 'k', text: {} }),
    'no text at /text',
  ],
  [
    'base64',
    body({ signed: [{ 'a/b': 'qqq=' }], key: 'k', text: 'x' }),
    'is not 64 hexadecimal digits: qqq=',
  ],
])('an answer with %s names the field to correct', (_, content, expected) => {
  expect(() => readSignedAnswer(content, where)).toThrow(expected)
})

describe('a webhook', () => {
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': '1764445000',
    'webhook-signature': 'v1,a v1,b',
  }
  const where = { headers: '/sent/headers', body: '/sent/body' }

  test('is found by JSON pointers', () => {
    expect(readSignedWebhook(body({ sent: { headers, body: 'ü.' } }), where)).toEqual({
      ...{ message: 'msg_1.1764445000.ü.', signature: 'v1,a v1,b', keyId: '' },
      webhook: { consumer: undefined, version: 1 },
    })
  })

  test('has a consumer, and its body may be in signing.yaml', () => {
    const own = { headers: '/h', signed: '{}', consumer: 'acme', consumerVersion: 2 }
    expect(readSignedWebhook(body({ h: headers }), own)).toMatchObject({
      ...{ message: 'msg_1.1764445000.{}', webhook: { consumer: 'acme', version: 2 } },
    })
  })

  test('is what a smoke request with a webhook returns', async () => {
    const content = body({ sent: { headers, body: 'x' } })
    const server = createServer((_, response) => response.end(content))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    cleanUp(() => server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const smoke = { request: { method: 'POST' as const, path: '/' }, webhook: where }
    const answer = await sendSmoke({ url }, smoke, { waitMs: 0, ca: undefined })
    expect(answer).toMatchObject({ message: 'msg_1.1764445000.x', signature: 'v1,a v1,b' })
  })

  test.each([
    [
      'a header',
      { headers: { ...headers, 'webhook-id': 1 }, body: '' },
      '/sent/headers/webhook-id',
    ],
    ['the body', { headers, body: {} }, 'no text at /sent/body'],
  ])('without %s names the field to correct', (_, sent, expected) => {
    expect(() => readSignedWebhook(body({ sent }), where)).toThrow(expected)
  })

  test('may have a derived key, which OpenSSL computes as Node.js does', async () => {
    const key = randomBytes(24)
    const computed = await computeOpensslHkdf(key, 'webhook-consumer:1:acme')
    expect(computed).toEqual(deriveKey(key, 'acme'))
  })
})
