// Sends requests to one server over a pool of kept-alive connections.
import {
  Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestOptions,
  request,
} from 'node:http'
import type { SignerTarget } from './settings.ts'
import { SignerError } from './signer-error.ts'

/** Much shorter than the hour after which the proxy closes an idle connection, so the client always closes first. */
const IDLE_MS = 60_000
const MAX_ANSWER_BYTES = 1024 * 1024

export type Answer = {
  status: number
  statusText: string
  headers: IncomingHttpHeaders
  /** Names and values in turn, as they arrived. */
  rawHeaders: string[]
  body: Buffer
}
export type Outgoing = {
  method: string
  path: string
  headers: OutgoingHttpHeaders
  body: Uint8Array
  /** Instead of the limit of the client. */
  maxAnswerBytes?: number
}
export type Send = (outgoing: Outgoing, signal: AbortSignal) => Promise<Answer>

/**
 * Makes the function that sends a request until `signal` aborts it. It rejects with SignerError signer_timeout, or
 * signer_unavailable, also for an answer that is longer than `maxBytes`.
 *
 * It sends a request a second time only if no byte of an answer arrived, and either nothing listened or an idle
 * connection was closed meanwhile. The signer may then receive the request twice. That is safe, because nobody has received
 * the first answer.
 */
export function createSend(connect: SignerTarget['connect'], maxBytes = MAX_ANSWER_BYTES): Send {
  const agent = new Agent({ keepAlive: true, scheduling: 'lifo', timeout: IDLE_MS })
  const options = { ...connect, agent }
  return async (outgoing, signal) => {
    const limit = outgoing.maxAnswerBytes ?? maxBytes
    const attempt = () => sendOnce(outgoing, options, signal, limit)
    try {
      return await attempt().catch((error) => {
        if (signal.aborted || !(error instanceof UnansweredError)) throw error
        return attempt()
      })
    } catch (error) {
      throw explainFailure(error, signal)
    }
  }
}

function explainFailure(error: unknown, signal: AbortSignal): SignerError {
  const options = { cause: error }
  if (signal.aborted) {
    return new SignerError('signer_timeout', 'the signer did not answer in time', options)
  }
  const detail =
    error instanceof Error && 'code' in error
      ? `the signer cannot be reached (${error.code})`
      : 'the signer sent an invalid answer'
  return new SignerError('signer_unavailable', detail, options)
}

/** The connection failed before any byte of an answer. `code` is the system's. */
class UnansweredError extends Error {
  readonly code: string | undefined

  constructor(cause: NodeJS.ErrnoException) {
    super(cause.message, { cause })
    this.name = 'UnansweredError'
    this.code = cause.code
  }
}

function sendOnce(
  { method, path, headers, body }: Outgoing,
  options: RequestOptions,
  signal: AbortSignal,
  maxBytes: number,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      ...options,
      method,
      path,
      headers: { ...headers, 'content-length': body.length },
    })
    // Node's own option `signal` costs more, because it watches the whole stream.
    const abort = () => void outgoing.destroy(new Error('aborted'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    let seenBytes = 0
    outgoing.on('socket', (socket) => {
      seenBytes = socket.bytesRead
    })
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const unanswered = isUnanswered(error, outgoing, seenBytes)
      reject(unanswered ? new UnansweredError(error) : error)
    })
    outgoing.on('close', () => signal.removeEventListener('abort', abort))
    outgoing.on('response', (incoming) => readAnswer(incoming, maxBytes, resolve, reject))
    outgoing.end(body)
  })
}

function isUnanswered({ code }: NodeJS.ErrnoException, outgoing: ClientRequest, seenBytes: number) {
  if (code === 'ECONNREFUSED') return true
  if (code !== 'ECONNRESET' && code !== 'EPIPE') return false
  return outgoing.reusedSocket && outgoing.socket?.bytesRead === seenBytes
}

function readAnswer(
  incoming: IncomingMessage,
  maxBytes: number,
  resolve: (answer: Answer) => void,
  reject: (error: Error) => void,
): void {
  const chunks: Buffer[] = []
  let length = 0
  incoming.on('data', (chunk: Buffer) => {
    length += chunk.length
    chunks.push(chunk)
    if (length > maxBytes) {
      incoming.destroy(new Error(`the answer is longer than ${maxBytes} bytes`))
    }
  })
  // Also for an answer that breaks off.
  incoming.on('error', reject)
  incoming.on('end', () => {
    const { statusCode: status = 0, statusMessage: statusText = '', headers, rawHeaders } = incoming
    resolve({ status, statusText, headers, rawHeaders, body: Buffer.concat(chunks) })
  })
}
