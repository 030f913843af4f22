import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { get, post } from '../../support/services/http.ts'
import { macOf, makeSignerApp } from '../../support/services/signer-app.ts'

const app = makeSignerApp()

describe('POST /sign', () => {
  test.each(['hello', '', '\0', 'Ünï €😀', 'line\r\n', 'a'.repeat(65_000)])(
    'signs the UTF-8 bytes of a text (%#)',
    async (message) => {
      const { status, body } = await post(app, '/sign', { message })
      expect(status).toBe(200)
      const signature = macOf(message)
      expect(body).toEqual({ signature, key_id: 'new', algorithm: 'HMAC-SHA256' })
    },
  )

  test.each([0, 1, 2, 3, 255])('signs %i bytes in base64', async (length) => {
    const message = randomBytes(length)
    const request = { message: message.toString('base64'), encoding: 'base64' }
    expect((await post(app, '/sign', request)).body.signature).toBe(macOf(message))
  })

  test('treats base64 as text unless the request says base64', async () => {
    const { body } = await post(app, '/sign', { message: 'aGVsbG8=', encoding: 'utf8' })
    expect(body.signature).toBe(macOf('aGVsbG8='))
  })

  test('signs with the requested key', async () => {
    const { body } = await post(app, '/sign', { message: 'a', key_id: 'old' })
    expect([body.signature, body.key_id]).toEqual([macOf('a', 'old'), 'old'])
  })

  test.each([
    ['an unknown key', { message: 'a', key_id: 'older' }, 'key_id'],
    ['the name of the entry primary', { message: 'a', key_id: 'primary' }, 'key_id'],
    ['__proto__ as key id', { message: 'a', key_id: '__proto__' }, 'key_id'],
    ['a path as key id', { message: 'a', key_id: '../old' }, 'key_id'],
    ['an empty key id', { message: 'a', key_id: '' }, 'key_id'],
    ['a list of keys', { message: 'a', key_id: ['old'] }, 'key_id'],
    ['an unknown encoding', { message: 'a', encoding: 'hex' }, 'encoding'],
    ['another algorithm', { message: 'a', algorithm: 'none' }, 'algorithm'],
    ['base64 without padding', { message: 'aGVsbG8', encoding: 'base64' }, 'message'],
    ['base64url', { message: '-_-_', encoding: 'base64' }, 'message'],
    ['base64 with a space', { message: 'aGVs bG8=', encoding: 'base64' }, 'message'],
    ['base64 with stray bits', { message: 'aGVsbG9=', encoding: 'base64' }, 'message'],
    ['text that is not base64', { message: 'ä', encoding: 'base64' }, 'message'],
  ])('rejects %s, and names the field', async (_, request, field) => {
    const { status, body } = await post(app, '/sign', request)
    expect([status, body.code, body.field]).toEqual([400, 'invalid_request', field])
    expect(body).not.toHaveProperty('signature')
  })

  test('refuses while there is no key', async () => {
    const { status, headers, body } = await post(makeSignerApp(null), '/sign', { message: 'a' })
    expect([status, body.code]).toEqual([503, 'key_unavailable'])
    expect(headers.get('retry-after')).toBe('1')
  })
})

test.each([
  ['/sign', { message: 'a' }],
  ['/sign/batch', { messages: ['a'] }],
  ['/verify', { message: 'a', signature: macOf('a') }],
  ['/keys', undefined],
])('%s answers with the request id, and no cache keeps the answer', async (path, request) => {
  const id = { 'x-request-id': 'mine' }
  const { status, headers } = await (request ? post(app, path, request, id) : get(app, path, id))
  const names = ['content-type', 'x-request-id', 'cache-control']
  const expected = ['application/json', 'mine', 'no-store']
  expect([status, ...names.map((name) => headers.get(name))]).toEqual([200, ...expected])
})

describe('health', () => {
  test('is alive and ready with a key', async () => {
    expect((await get(app, '/healthz')).body).toEqual({ status: 'ok' })
    expect((await get(app, '/readyz')).body).toEqual({ status: 'ok' })
  })

  test('is alive but not ready without a key, and says why', async () => {
    const keyless = makeSignerApp(null)
    expect((await get(keyless, '/healthz')).status).toBe(200)
    const { status, body } = await get(keyless, '/readyz')
    expect([status, body.detail]).toEqual([503, 'the Secret has no key'])
  })

  test('is not ready while it shuts down, but still signs', async () => {
    const draining = makeSignerApp(undefined, () => true)
    const { status, body } = await get(draining, '/readyz')
    expect([status, body.code]).toEqual([503, 'shutting_down'])
    expect((await post(draining, '/sign', { message: 'a' })).status).toBe(200)
  })

  test.each([
    ['/sign', 'POST'],
    ['/healthz', 'GET, HEAD'],
    ['/readyz', 'GET, HEAD'],
  ])('%s allows only %s', async (path, allow) => {
    const response = await app.request(path, { method: 'DELETE' })
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow])
  })
})
