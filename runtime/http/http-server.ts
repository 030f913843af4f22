// A node:http server with tight limits. Requests that cannot be parsed get a problem response, too.
import { createServer, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { getRequestListener, RequestError } from '@hono/node-server'
import { AppError, type ErrorCode } from '../errors.ts'
import type { App } from './http-app.ts'
import { describeProblem, makeProblem } from './problem.ts'
import { chooseRequestId } from './request-id.ts'

const MAX_HEADER_BYTES = 16 * 1024
/** The time from the first byte of a connection or a request to the end of its headers. */
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 15_000
const TIMEOUT_CHECK_MS = 1_000
/**
 * Longer than the hour after which Envoy closes an idle upstream connection. Only the proxy knows whether it is about to
 * use a connection. If the server closed it, a request could arrive at the same moment and fail.
 */
const KEEP_ALIVE_MS = 3_700_000
/** The time between the answer to an invalid request and the end of its connection, even if the peer keeps it open. */
const CLOSE_MS = 500

/** What Node's parser reports. Everything else is a mistake in the text. */
const parserErrors: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: [
    'headers_too_large',
    `the headers are longer than ${MAX_HEADER_BYTES} bytes`,
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'the request took too long to arrive'],
}
const malformed = ['invalid_request', 'the request is not valid HTTP/1.1'] as const

/** Makes the server for `app`. It does not listen yet. While `isDraining()`, each answer ends its connection. */
export function createHttpServer(app: App, isDraining: () => boolean): Server {
  const listener = getRequestListener(app.fetch, { errorHandler: answerUnroutable })
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      insecureHTTPParser: false,
      requireHostHeader: true,
    },
    (incoming, outgoing) => {
      if (isDraining()) outgoing.setHeader('connection', 'close')
      void listener(incoming, outgoing)
    },
  )
  server.on('clientError', answerUnparsable)
  return server
}

// A RequestError means that the adapter could not build a Request, for example from an invalid Host header.
function answerUnroutable(error: unknown): Response {
  const known = error instanceof RequestError
  const problem = known ? new AppError('invalid_request', 'the request target is invalid') : error
  return makeProblem(problem, chooseRequestId(null))
}

function answerUnparsable(error: NodeJS.ErrnoException, socket: Duplex): void {
  // The peer is gone, or part of an answer is already sent.
  if (error.code === 'ECONNRESET' || !socket.writable || hasAnswered(socket)) {
    socket.destroy()
    return
  }
  const problem = new AppError(...(parserErrors[error.code ?? ''] ?? malformed))
  const { status, headers, body } = describeProblem(problem, chooseRequestId(null))
  const lines = Object.entries({
    ...headers,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`)
  // Closing at once, with bytes unread, resets the connection, and the peer may lose the answer.
  setTimeout(() => socket.destroy(), CLOSE_MS).unref()
}

// Node's own handler checks the same private field. There is no public one.
function hasAnswered(socket: Duplex): boolean {
  const message = (socket as { _httpMessage?: { headersSent?: boolean } })._httpMessage
  return message?.headersSent === true
}
