// A node:http server with tight limits. What cannot be parsed is answered with a problem too.
import { createServer, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { getRequestListener, RequestError } from '@hono/node-server'
import { AppError } from '../errors.ts'
import type { App } from './http-app.ts'
import { describeProblem, makeProblem } from './problem.ts'
import { chooseRequestId } from './request-id.ts'

const MAX_HEADER_BYTES = 16 * 1024
/** From a connection's, or a request's, first byte to the end of its headers. */
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 15_000
const TIMEOUT_CHECK_MS = 1_000
/**
 * Over the hour after which Envoy closes an idle upstream connection. Who closes must be the proxy, which knows
 * whether it is about to use the connection; if the server did, requests would cross with the closing and fail.
 */
const KEEP_ALIVE_MS = 3_700_000
/** From our last byte to the end of a connection that has sent what cannot be parsed, whether its peer closes or not. */
const CLOSE_MS = 500

/** Makes the server for `app`; it does not listen yet. While `isDraining()`, each answer ends its connection. */
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

// The adapter could make no Request of it, e.g. of a broken Host header; anything else is our fault.
function answerUnroutable(error: unknown): Response {
  const known = error instanceof RequestError
  const problem = known ? new AppError('invalid_request', 'the request target is invalid') : error
  return makeProblem(problem, chooseRequestId(null))
}

function answerUnparsable(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Nobody is listening any more, or half an answer is out already.
  if (error.code === 'ECONNRESET' || !socket.writable || hasAnswered(socket)) {
    socket.destroy()
    return
  }
  const { status, headers, body } = describeProblem(classify(error.code), chooseRequestId(null))
  const lines = Object.entries({
    ...headers,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`)
  // Not at once: closing with bytes unread resets the connection, and the answer may be lost on its way.
  setTimeout(() => socket.destroy(), CLOSE_MS).unref()
}

// As Node's own handler asks it; there is no public way.
function hasAnswered(socket: Duplex): boolean {
  const message = (socket as { _httpMessage?: { headersSent?: boolean } })._httpMessage
  return message?.headersSent === true
}

function classify(code: string | undefined): AppError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new AppError('headers_too_large', `headers must not be over ${MAX_HEADER_BYTES} bytes`)
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new AppError('request_timeout', 'the request did not arrive in time')
  }
  return new AppError('invalid_request', 'not a valid HTTP/1.1 request')
}
