import { describe, expect, test } from 'vitest'
import { AppError } from '../../../runtime/errors.ts'
import {
  addRoute,
  addServiceRoutes,
  createHttpApp,
  makeAnswer,
} from '../../../runtime/http/http-app.ts'
import { createMetrics } from '../../../runtime/metrics.ts'
import { get } from '../../support/services/http.ts'
import { createMemoryLog } from '../../support/services/logged.ts'

const { log, lines } = createMemoryLog()
const metrics = createMetrics()
let notReady: AppError | undefined
const app = createHttpApp(log, metrics)
addServiceRoutes(app, { metrics, isDraining: () => false }, () => {
  if (notReady !== undefined) throw notReady
})
addRoute(app, 'POST', '/act', (c) => makeAnswer(c, '{"done":true}'))
addRoute(app, 'GET', '/broken', () => {
  throw new Error('an internal detail')
})

describe('paths and methods', () => {
  test.each(['/healthz', '/readyz'])('serve %s', async (path) => {
    const { status, body } = await get(app, path)
    expect([status, body]).toEqual([200, { status: 'ok' }])
  })

  test.each([
    '/',
    '/healthz/',
    '//healthz',
    '/HEALTHZ',
    '/%68ealthz',
    '/healthz?a=b',
    '/healthz%00',
    '/healthz;a=b',
  ])('have no route %s', async (path) => {
    const { status, body } = await get(app, path)
    expect([status, body.code]).toEqual([404, 'not_found'])
  })

  test.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'refuse %s where only POST is allowed, with Allow',
    async (method) => {
      const response = await app.request('/act', { method })
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect((await app.request('/act', { method: 'POST' })).status).toBe(200)
    },
  )

  test('ignore a method in a header', async () => {
    const headers = { 'x-http-method-override': 'POST' }
    expect((await app.request('/act', { headers })).status).toBe(405)
  })

  test('answer HEAD like GET, without a body', async () => {
    const response = await app.request('/healthz', { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([200, ''])
  })
})

describe('the request id', () => {
  test.each(['a', 'A.b_c-9', 'f'.repeat(64)])('is kept: %s', async (id) => {
    const { headers } = await get(app, '/healthz', { 'x-request-id': id })
    expect(headers.get('x-request-id')).toBe(id)
  })

  test.each(['', 'a b', 'a"b', 'ä', '<a>', 'f'.repeat(65)])('is replaced: %j', async (id) => {
    const { headers } = await get(app, '/healthz', { 'x-request-id': id })
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('is in the header and in the body of a problem', async () => {
    const { headers, body } = await get(app, '/nowhere', { 'x-request-id': 'mine' })
    expect([headers.get('x-request-id'), body.request_id]).toEqual(['mine', 'mine'])
  })
})

test.each([
  ['GET /healthz', 'application/json'],
  ['HEAD /healthz', 'application/json'],
  ['GET /readyz', 'application/json'],
  ['GET /metrics', metrics.registry.contentType],
  ['POST /act', 'application/json'],
  ['GET /act', 'application/problem+json'],
  ['GET /nowhere', 'application/problem+json'],
  ['GET /broken', 'application/problem+json'],
])('the answer to %s has its type and request id, and no cache keeps it', async (route, type) => {
  const [method = '', path = ''] = route.split(' ')
  const { headers } = await app.request(path, { method, headers: { 'x-request-id': 'mine' } })
  const expected = { 'content-type': type, 'cache-control': 'no-store', 'x-request-id': 'mine' }
  expect(Object.fromEntries(headers)).toMatchObject(expected)
})

describe('the trace', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  test.each([
    ['is in the log', `00-${traceId}-00f067aa0ba902b7-01`, traceId],
    [
      'is not in the log if it is malformed',
      `00-${traceId.toUpperCase()}-00f067aa0ba902b7-01`,
      undefined,
    ],
  ])('%s, and never in an answer', async (requestId, traceparent, expected) => {
    const id = requestId.replaceAll(' ', '-')
    const { headers, body } = await get(app, '/broken', { 'x-request-id': id, traceparent })
    expect(lines.find((line) => line.request_id === id)?.trace_id).toBe(expected)
    expect(JSON.stringify([...headers, body]).toLowerCase()).not.toContain(traceId)
  })
})

describe('errors', () => {
  test('hide an unexpected error from the caller, and log it', async () => {
    const { status, body } = await get(app, '/broken', { 'x-request-id': 'broken-1' })
    expect(status).toBe(500)
    expect(body).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      detail: 'the service failed, its log has the reason',
      code: 'internal',
      request_id: 'broken-1',
    })
    const line = lines.find(({ request_id }) => request_id === 'broken-1')
    expect(line).toMatchObject({ level: 'error', event: 'request_failed', code: 'internal' })
    expect(line?.error).toContain('an internal detail')
  })

  test('say why the service is not ready, and when to try again', async () => {
    notReady = new AppError('key_unavailable', 'no key yet')
    const { status, headers, body } = await get(app, '/readyz')
    expect([status, body.code, body.detail]).toEqual([503, 'key_unavailable', 'no key yet'])
    expect(headers.get('retry-after')).toBe('1')
    expect((await get(app, '/healthz')).status).toBe(200)
    notReady = undefined
    expect((await get(app, '/readyz')).status).toBe(200)
  })
})

describe('metrics', () => {
  const read = async () => (await app.request('/metrics')).text()
  const count = async (labels: string) => {
    const line = (await read()).split('\n').find((each) => each.includes(`_count{${labels}}`))
    return Number(line?.split(' ').at(-1) ?? 0)
  }

  test.each([
    ['a route', 'GET', '/healthz', 'method="GET",route="/healthz",status="200"'],
    ['a route with another method', 'GET', '/act', 'method="GET",route="/act",status="405"'],
    ['an unknown path', 'GET', '/nowhere', 'method="GET",route="other",status="404"'],
    ['an unknown method', 'BREW', '/act', 'method="other",route="/act",status="405"'],
    ['a failure', 'GET', '/broken', 'method="GET",route="/broken",status="500"'],
  ])('count %s', async (_, method, path, labels) => {
    const before = await count(labels)
    await app.request(path, { method })
    expect(await count(labels)).toBe(before + 1)
  })

  test.each([
    ['not_found', '/nowhere'],
    ['method_not_allowed', '/act'],
    ['internal', '/broken'],
  ])('count problems by code, from 0: %s', async (code, path) => {
    const readCount = async (which: string) => {
      const line = new RegExp(`^http_problems_total{code="${which}"} (\\d+)$`, 'm')
      return Number(line.exec(await read())?.[1])
    }
    const before = await readCount(code)
    await app.request(path)
    expect(await readCount(code)).toBe(before + 1)
    expect(await readCount('overloaded')).toBe(0)
  })

  test('have one series per route, whatever path a caller requests', async () => {
    for (let index = 0; index < 20; index++) await app.request(`/${index}`, { method: `M${index}` })
    expect(await read()).not.toMatch(/\/1\d|M1\d/)
  })

  test('are in the text format, and include the memory in use', async () => {
    const response = await app.request('/metrics')
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const rss = /^process_resident_memory_bytes (\d+)$/m.exec(await response.text())?.[1]
    expect(Number(rss)).toBeGreaterThan(1_000_000)
  })
})
