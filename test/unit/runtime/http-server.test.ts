import { once } from 'node:events'
import type { Server, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import * as z from 'zod/mini'
import { AppError } from '../../../runtime/errors.ts'
import { type App, addRoute, createHttpApp, makeAnswer } from '../../../runtime/http/http-app.ts'
import { createHttpServer } from '../../../runtime/http/http-server.ts'
import { readJson } from '../../../runtime/json/json-body.ts'
import type { Log } from '../../../runtime/log.ts'
import { createMetrics } from '../../../runtime/metrics.ts'
import { listenOnLoopback, sendRaw } from '../../support/services/http.ts'
import { createMemoryLog } from '../../support/services/logged.ts'
import { WAIT_MS } from '../../support/timeouts.ts'

function serveApp(app: App, isDraining = () => false): Server {
  const server = createHttpServer(app, isDraining)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return server
}

/** Starts a server that echoes messages. `begun` counts requests, `seen` and `rejected` list the results. */
async function startEcho(isDraining = () => false, log: Log = () => {}) {
  const app = createHttpApp(log, createMetrics())
  const seen: string[] = []
  const rejected: string[] = []
  let begun = 0
  addRoute(app, 'POST', '/echo', async (c) => {
    begun += 1
    const { message } = await readJson(c, z.strictObject({ message: z.string() })).catch(
      (error: unknown) => {
        rejected.push(error instanceof AppError ? error.code : String(error))
        throw error
      },
    )
    seen.push(message)
    return makeAnswer(c, JSON.stringify({ message }))
  })
  const server = serveApp(app, isDraining)
  const port = await listenOnLoopback(server)
  return { port, seen, rejected, begun: () => begun, server }
}

const frame = '{"message":""}'
const body = '{"message":"a"}'
const good = makeRequest('/echo', `content-length: ${body.length}\r\n`, body)

function makeRequest(target: string, headers: string, payload = ''): string {
  const common = 'host: localhost\r\ncontent-type: application/json\r\nconnection: close\r\n'
  return `POST ${target} HTTP/1.1\r\n${common}${headers}\r\n${payload}`
}

describe('requests as bytes', () => {
  test('get an answer if they are valid', async () => {
    const { port } = await startEcho()
    expect(await sendRaw(port, good)).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\{"message":"a"\}$/s)
  })

  test('get an answer if they are chunked', async () => {
    const { port } = await startEcho()
    const chunks = `5\r\n{"mes\r\na\r\nsage":"a"}\r\n0\r\n\r\n`
    const answer = await sendRaw(
      port,
      makeRequest('/echo', 'transfer-encoding: chunked\r\n', chunks),
    )
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\{"message":"a"\}$/s)
  })

  test.each([99, 100, 101, 200, 1_234])(
    'keep their order in %i chunks of one byte',
    async (length) => {
      const { port, seen } = await startEcho()
      const digits = Array.from({ length: length - frame.length }, (_, index) => index % 10)
      const message = digits.join('')
      const bytes = [...JSON.stringify({ message })].map((each) => `1\r\n${each}\r\n`).join('')
      await sendRaw(
        port,
        makeRequest('/echo', 'transfer-encoding: chunked\r\n', `${bytes}0\r\n\r\n`),
      )
      expect(seen).toEqual([message])
    },
  )

  test.each([
    [
      'Content-Length with Transfer-Encoding',
      makeRequest(
        '/echo',
        'content-length: 15\r\ntransfer-encoding: chunked\r\n',
        `f\r\n${body}\r\n0\r\n\r\n`,
      ),
    ],
    [
      'two Content-Lengths',
      makeRequest('/echo', 'content-length: 15\r\ncontent-length: 16\r\n', body),
    ],
    ['a header that ends in a bare LF', `${good.replace('localhost\r\n', 'localhost\n')}`],
    ['a header with a NUL', makeRequest('/echo', 'x-a: a\0b\r\ncontent-length: 15\r\n', body)],
    ['no Host', good.replace('host: localhost\r\n', '')],
    ['a broken Host', good.replace('host: localhost', 'host: a b/c')],
    ['a method in lower case', good.replace('POST', 'post')],
    ['TLS instead of HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
  ])('are rejected and end the connection: %s', async (_, bytes) => {
    const { port, seen } = await startEcho()
    const answer = await sendRaw(port, bytes + good)
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(answer.match(/^HTTP\/1\.1 /gm)).toHaveLength(1)
    expect(seen).toEqual([])
  })

  test('lose their connection if they are invalid and the peer does not close', async () => {
    const { port, server } = await startEcho()
    const peer = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    onTestFinished(() => void peer.destroy())
    peer.write('no HTTP\r\n\r\n')
    expect(await text(peer)).toMatch(/^HTTP\/1\.1 400 /)
    const countConnections = promisify(server.getConnections.bind(server))
    await vi.waitFor(async () => expect(await countConnections()).toBe(0), WAIT_MS)
  })

  test('log no error if the client aborts during the body', async () => {
    const { log, lines } = createMemoryLog()
    const { port, rejected, begun } = await startEcho(() => false, log)
    for (const [index, length] of ['content-length: 100', 'transfer-encoding: chunked'].entries()) {
      const peer = connect(port, '127.0.0.1')
      peer.write(makeRequest('/echo', `${length}\r\n`, '5\r\n'))
      await vi.waitFor(() => expect(begun()).toBe(index + 1), WAIT_MS)
      peer.resetAndDestroy()
    }
    await vi.waitFor(
      () => expect(rejected).toEqual(['invalid_request', 'invalid_request']),
      WAIT_MS,
    )
    expect(lines).toEqual([])
    expect(await sendRaw(port, good)).toMatch(/^HTTP\/1\.1 200 OK/)
  })

  test('are rejected if the client is gone before the body is read', async () => {
    const app = createHttpApp(() => {}, createMetrics())
    const { promise, resolve } = Promise.withResolvers<unknown>()
    addRoute(app, 'POST', '/late', async (c) => {
      await once(c.env.outgoing as ServerResponse, 'close')
      await readJson(c, z.strictObject({})).catch(resolve)
      return makeAnswer(c, '{}')
    })
    const port = await listenOnLoopback(serveApp(app))
    const peer = connect(port, '127.0.0.1')
    peer.write(makeRequest('/late', 'content-length: 100\r\n', '{'), () => peer.destroy())
    expect(await promise).toMatchObject({ message: 'the body is incomplete' })
  })

  test('are rejected if their headers are longer than 16 KiB', async () => {
    const { port, seen } = await startEcho()
    const answer = await sendRaw(port, makeRequest('/echo', `x-a: ${'a'.repeat(17_000)}\r\n`))
    expect(answer).toMatch(/^HTTP\/1\.1 431 .*"code":"headers_too_large"/s)
    expect(seen).toEqual([])
  })

  test.each(['websocket', 'h2c'])('cannot switch to %s', async (protocol) => {
    const { port } = await startEcho()
    const upgrade = good.replace(
      'connection: close',
      `connection: upgrade, close\r\nupgrade: ${protocol}`,
    )
    expect(await sendRaw(port, upgrade)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })

  test.each([
    '/x/../echo',
    '/./echo',
    '/%65cho',
    '//echo',
    '/echo?a=b',
    '/echo#a',
    'http://localhost/echo',
  ])('match only the exact path, not %s', async (target) => {
    const { port, seen } = await startEcho()
    const answer = await sendRaw(port, makeRequest(target, 'content-length: 15\r\n', body))
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /)
    expect(seen).toEqual([])
  })
})

describe('large bodies', () => {
  test.each([
    ['announced', `content-length: 1000000\r\n`, 'a'.repeat(1_000_000)],
    ['chunked', 'transfer-encoding: chunked\r\n', `f4240\r\n${'a'.repeat(1_000_000)}\r\n0\r\n\r\n`],
  ])('get 413: %s', async (_, headers, payload) => {
    const { port, seen } = await startEcho()
    const request = makeRequest('/echo', headers, payload)
    expect(await sendRaw(port, request)).toMatch(/^HTTP\/1\.1 413 .*"code":"payload_too_large"/s)
    expect(seen).toEqual([])
  })
})

test('the server closes connections only while it drains', async () => {
  let draining = false
  const { port } = await startEcho(() => draining)
  const post = () => fetch(`http://127.0.0.1:${port}/echo`, { method: 'POST', body, headers })
  const headers = { 'content-type': 'application/json' }
  expect((await post()).headers.get('connection')).toBe('keep-alive')
  draining = true
  expect((await post()).headers.get('connection')).toBe('close')
})
