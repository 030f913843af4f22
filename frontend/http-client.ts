// Requests to one server over a pool of kept-alive connections, each with a deadline for all of it.
import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request,
} from 'node:http'
import type { SignerTarget } from './signer-url.ts'

/** Far under the hour after which the proxy closes an idle connection, so that it is always us who close. */
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
 * Makes the function that sends to a server. It rejects with the system's error, or `signal`'s.
 *
 * A request is sent again, once, only if it cannot have been answered: nobody was listening, or a connection that had
 * been idle was closed while it was on its way, without a byte of an answer. The latter may have reached the signer
 * all the same, which does no harm: the same message gets the same MAC.
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

/** No byte of an answer came, and the connection is to blame. `code` is the system's. */
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
    if (length > MAX_ANSWER_BYTES) throw new Error('the answer is too long')
    chunks.push(chunk)
  }
  return { status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }
}
