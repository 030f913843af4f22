import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { post } from '../../support/services/http.ts'
import { macOf, makeSignerApp } from '../../support/services/signer-app.ts'

const app = makeSignerApp()
const repeat = (count: number, message: string) => Array.from({ length: count }, () => message)

describe('POST /sign/batch', () => {
  test('signs each message in order with one key', async () => {
    const messages = ['a', '', 'ü€', 'a']
    const { status, body } = await post(app, '/sign/batch', { messages })
    expect(status).toBe(200)
    const signatures = messages.map((message) => macOf(message))
    expect(body).toEqual({ key_id: 'new', algorithm: 'HMAC-SHA256', signatures })
  })

  test('signs bytes in base64 with the requested key', async () => {
    const bytes = [randomBytes(3), randomBytes(40)]
    const messages = bytes.map((each) => each.toString('base64'))
    const request = { messages, encoding: 'base64', key_id: 'old' }
    const { body } = await post(app, '/sign/batch', request)
    expect(body.signatures).toEqual(bytes.map((each) => macOf(each, 'old')))
  })

  test('signs 1,000 messages, and more than 64 KiB', async () => {
    const messages = repeat(1_000, 'a'.repeat(4_000))
    const { status, body } = await post(app, '/sign/batch', { messages })
    expect(status).toBe(200)
    expect(body.signatures).toEqual(messages.map(() => macOf('a'.repeat(4_000))))
  })

  test.each([
    ['no messages', {}, 'messages'],
    ['an empty list', { messages: [] }, 'messages'],
    ['1,001 messages', { messages: repeat(1_001, 'a') }, 'messages'],
    ['a number among them', { messages: ['a', 1] }, 'messages.1'],
    ['a lone surrogate among them', '{"messages":["a","\\udfff"]}', 'messages.1'],
    ['bad base64 among them', { messages: ['YQ==', 'YQ'], encoding: 'base64' }, 'messages.1'],
    ['a string instead of a list', { messages: 'abc' }, 'messages'],
    ['an unknown key', { messages: ['a'], key_id: 'older' }, 'key_id'],
    ['a field of /sign', { messages: ['a'], message: 'a' }, 'message'],
  ])('rejects %s, and signs no message', async (_, request, field) => {
    const { status, body } = await post(app, '/sign/batch', request)
    expect([status, body.code, body.field]).toEqual([400, 'invalid_request', field])
    expect(body).not.toHaveProperty('signatures')
  })

  test('rejects more than 4 MiB', async () => {
    const messages = repeat(5, 'a'.repeat(1024 * 1024))
    expect((await post(app, '/sign/batch', { messages })).status).toBe(413)
  })

  test('reports that there is no key', async () => {
    const { status, body } = await post(makeSignerApp(null), '/sign/batch', { messages: ['a'] })
    expect([status, body.code]).toEqual([503, 'key_unavailable'])
  })
})
