// Sends requests to one server over a pool of kept-alive connections. Each request has one deadline.
import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request,
} from 'node:http'
import type { SignerTarget } from './signer-url.ts'

/** Much shorter than the hour after which the proxy closes an idle connection, so the client always closes first. */
const IDLE_MS = 60_000
const MAX_ANSWER_BYTES = 16 * 1024

export type Answer = { status: number; body: string }
export type Outgoing = {
  method: 'GET' | 'POST'
  path: string
  headers: Record<string, string>
  body: Buffer
}
export type Send = (outgoing: Outgoing, signal: AbortSignal) => Promise<Answer>

/**
 * Makes the function that sends a request. It rejects with the error of the system or of `signal`.
 *
 * It sends a request a second time only if no byte of an answer arrived, and either nothing listened or an idle
 * connection was closed meanwhile. The signer may then receive the request twice. That is safe, because the same message
 * gets the same signature.
 */
export function createSend(connect: SignerTarget['connect']): Send {
  const agent = new Agent({ keepAlive: true, scheduling: 'lifo', timeout: IDLE_MS })
  return async (outgoing, signal) => {
    const options = { ...connect, agent, signal }
    try {
      return await sendOnce(outgoing, options)
    } catch (error) {
      if (signal.aborted || !(error instanceof UnansweredError)) throw error
      return await sendOnce(outgoing, options)
    }
  }
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
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      ...options,
      method,
      path,
      headers: { ...headers, 'content-length': body.length },
    })
    let seenBytes = 0
    outgoing.on('socket', (socket) => {
      seenBytes = socket.bytesRead
    })
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const unanswered = isUnanswered(error, outgoing, seenBytes)
      reject(unanswered ? new UnansweredError(error) : error)
    })
    outgoing.on('response', (incoming) => readAnswer(incoming).then(resolve, reject))
    outgoing.end(body)
  })
}

function isUnanswered({ code }: NodeJS.ErrnoException, outgoing: ClientRequest, seenBytes: number) {
  if (code === 'ECONNREFUSED') return true
  if (code !== 'ECONNRESET' && code !== 'EPIPE') return false
  return outgoing.reusedSocket && outgoing.socket?.bytesRead === seenBytes
}

async function readAnswer(incoming: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MAX_ANSWER_BYTES)
      throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`)
    chunks.push(chunk)
  }
  return { status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }
}
