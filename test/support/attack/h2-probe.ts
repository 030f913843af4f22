// HTTP/2 requests without TLS, by prior knowledge (RFC 9113 section 3.3). This file is sent into containers.
import { connect } from 'node:http2'
import type { Place } from '../../../tools/verify/attack/probe.ts'

export type H2Request = { headers: Record<string, string>; body: string }
/** Without an answer, there is no status, and `end` says why. */
export type H2Outcome = { status?: number; end: string; body: string }

const PARALLEL = 32

/** Sends each request on its own connection. The outcomes are in the same order. */
export async function runH2Requests(
  place: Place,
  requests: readonly H2Request[],
  timeoutMs: number,
): Promise<H2Outcome[]> {
  const outcomes: H2Outcome[] = []
  let next = 0
  async function work(): Promise<void> {
    for (let index = next++; index < requests.length; index = next++) {
      outcomes[index] = await runH2Request(place, requests[index] as H2Request, timeoutMs)
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, work))
  return outcomes
}

function runH2Request(
  { host, port }: Place,
  { headers, body }: H2Request,
  timeoutMs: number,
): Promise<H2Outcome> {
  return new Promise((resolve) => {
    const outcome: H2Outcome = { end: 'closed', body: '' }
    const session = connect(`http://${host}:${port}`)
    const timer = setTimeout(() => finish('timeout'), timeoutMs)
    function finish(end: string): void {
      clearTimeout(timer)
      session.destroy()
      resolve({ ...outcome, end })
    }
    session.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message))
    try {
      const stream = session.request(headers, { endStream: body === '' })
      stream.setEncoding('latin1')
      stream.on('response', (received) => {
        outcome.status = received[':status'] as number
      })
      stream.on('data', (text: string) => {
        outcome.body += text
      })
      stream.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message))
      stream.on('close', () => finish('closed'))
      if (body !== '') stream.end(body, 'latin1')
    } catch (error) {
      // Node's client refuses to send some requests.
      finish(error instanceof Error ? error.message : String(error))
    }
  })
}
