// The attacker's end of HTTP/2 connections, cleartext and by prior knowledge. Sent into containers as it is, see probe.ts.
import { connect } from 'node:http2'

export type H2Request = { headers: Record<string, string>; body: string }
/** `status` is missing where there was no answer; `end` says why. */
export type H2Outcome = { status?: number; end: string; body: string }

/** Streams of one connection at a time. */
const PARALLEL = 32

/** Sends the requests on one connection, or on another when the server closes it; outcomes are in the same order. */
export async function runH2Requests(
  { host, port }: { host: string; port: number },
  requests: readonly H2Request[],
  timeoutMs: number,
): Promise<H2Outcome[]> {
  const outcomes: H2Outcome[] = []
  let session = connect(`http://${host}:${port}`)
  let next = 0
  function open() {
    if (session.closed || session.destroyed) session = connect(`http://${host}:${port}`)
    session.on('error', () => {})
    return session
  }
  async function work(): Promise<void> {
    for (let index = next++; index < requests.length; index = next++) {
      const { headers, body } = requests[index] as H2Request
      outcomes[index] = await new Promise((resolve) => {
        const outcome: H2Outcome = { end: 'closed', body: '' }
        const finish = (end: string) => resolve({ ...outcome, end })
        try {
          const stream = open().request(headers, { endStream: body === '' })
          stream.setTimeout(timeoutMs, () => {
            stream.destroy()
            finish('timeout')
          })
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
          // What Node's own client does not send.
          finish(error instanceof Error ? error.message : String(error))
        }
      })
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, work))
  session.destroy()
  return outcomes
}
