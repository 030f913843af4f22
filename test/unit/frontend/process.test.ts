import { describe, expect, test, vi } from 'vitest'
import { createApp } from '../../../frontend/app.ts'
import type { AskSigner } from '../../../frontend/signer-client.ts'
import { AppError, type ErrorCode } from '../../../runtime/errors.ts'
import { createMetrics } from '../../../runtime/metrics.ts'
import { beginPost, get, post } from '../../support/services/http.ts'

/** Makes the app with a signer that answers after `until`, or fails with `fault`. `asked` lists its requests. */
function makeApp(fault?: AppError, until?: Promise<void>) {
  const asked: Parameters<AskSigner>[] = []
  const askSigner: AskSigner = async (...args) => {
    asked.push(args)
    await until
    if (fault !== undefined) throw fault
    return { signature: 'ab'.repeat(32), key_id: 'key-1', algorithm: 'HMAC-SHA256' }
  }
  const requireSigner = () => {
    if (fault !== undefined) throw fault
  }
  const deps = {
    log: () => {},
    metrics: createMetrics(),
    isDraining: () => false,
    askSigner,
    requireSigner,
    maxRequests: 2,
  }
  return { app: createApp(deps), asked }
}

describe('POST /process', () => {
  test.each([
    ['hello', 'HELLO'],
    ['Größe', 'GRÖSSE'],
    ['ﬁ ŉ 😀 ı', 'FI ʼN 😀 I'],
    ['', ''],
  ])('converts %j to upper case and has it signed', async (message, processed) => {
    const { app, asked } = makeApp()
    const answer = await post(app, '/process', { message }, { 'x-request-id': 'id-1' })
    const { status, headers, body } = answer
    expect([status, headers.get('x-request-id')]).toEqual([200, 'id-1'])
    expect(headers.get('cache-control')).toBe('no-store')
    const signature = 'ab'.repeat(32)
    expect(body).toEqual({ processed_message: processed, signature, key_id: 'key-1' })
    expect(asked).toEqual([[processed, 'id-1', undefined]])
  })

  test.each([
    ['no message', {}],
    ['a number', { message: 1 }],
    ['a key id', { message: 'a', key_id: 'key-1' }],
    ['an encoding', { message: 'a', encoding: 'base64' }],
    ['a lone surrogate', '{"message":"\\udfff"}'],
  ])('rejects %s, and does not call the signer', async (_, request) => {
    const { app, asked } = makeApp()
    expect((await post(app, '/process', request)).status).toBe(400)
    expect(asked).toEqual([])
  })

  test.each<[ErrorCode, number, string | null]>([
    ['signer_unavailable', 503, '1'],
    ['caller_token_unavailable', 503, '1'],
    ['signer_timeout', 504, null],
    ['frozen', 503, null],
    ['payload_too_large', 413, null],
  ])('answers %s with %i', async (code, expected, retryAfter) => {
    const { app } = makeApp(new AppError(code, 'a detail'))
    const { status, headers, body } = await post(app, '/process', { message: 'a' })
    expect([status, body.code, headers.get('retry-after')]).toEqual([expected, code, retryAfter])
    expect(body).not.toHaveProperty('processed_message')
  })

  test('passes on how long a limit lasts', async () => {
    const { app } = makeApp(new AppError('rate_limited', 'a detail', { retryAfter: 7 }))
    const { status, headers, body } = await post(app, '/process', { message: 'a' })
    expect([status, headers.get('retry-after')]).toEqual([429, '7'])
    expect(body).toMatchObject({ code: 'rate_limited', retry_after: 7 })
  })

  test.each(['GET', 'PUT', 'DELETE'])('refuses %s', async (method) => {
    const response = await makeApp().app.request('/process', { method })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test.each(['/sign', '/verify', '/keys'])('has no route %s', async (path) => {
    expect((await post(makeApp().app, path, { message: 'a' })).status).toBe(404)
  })
})

describe('the limits', () => {
  test('answer excess requests with 503 and Retry-After, without a call to the signer', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { app, asked } = makeApp(undefined, promise)
    const begun = ['a', 'b'].map((message) => post(app, '/process', { message }))
    await vi.waitFor(() => expect(asked.length).toBe(2))
    const { status, headers, body } = await post(app, '/process', { message: 'c' })
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'overloaded', '1'])
    resolve()
    expect((await Promise.all(begun)).map((answer) => answer.status)).toEqual([200, 200])
    expect((await post(app, '/process', { message: 'c' })).status).toBe(200)
  })

  test('allow a thousand slow bodies', async () => {
    const { app } = makeApp()
    const slow = Array.from({ length: 1_000 }, () => beginPost(app, '/process', '{"message":"a"}'))
    expect((await post(app, '/process', { message: 'c' })).status).toBe(200)
    for (const { finish } of slow.slice(0, 2)) finish()
    expect(await Promise.all(slow.slice(0, 2).map(({ answered }) => answered))).toEqual([200, 200])
  })

  test('refuse more slow bodies than fit into memory', async () => {
    const { app } = makeApp()
    for (let count = 0; count < 1_200; count++) beginPost(app, '/process', '{"message":"a"}')
    const { status, body } = await post(app, '/process', { message: 'c' })
    expect([status, body.code]).toEqual([503, 'overloaded'])
  })
})

test('is ready only with a token, and always alive', async () => {
  const { app } = makeApp()
  expect((await get(app, '/readyz')).status).toBe(200)
  const { app: tokenless } = makeApp(new AppError('caller_token_unavailable', 'gone'))
  expect((await get(tokenless, '/readyz')).status).toBe(503)
  expect((await get(tokenless, '/healthz')).status).toBe(200)
})
