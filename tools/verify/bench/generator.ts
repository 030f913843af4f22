// Sends one request repeatedly on keep-alive connections, one at a time on each. Containers run this file, so it imports no
// other file. It is cheap, because it shares the cores with what it measures.
import { connect } from 'node:net'

export type LoadRequest = {
  /** A TCP port or a Unix socket. */
  address: { host: string; port: number } | { path: string }
  /** The whole HTTP/1.1 request. */
  bytes: string
  connections: number
  seconds: number
}

/** Not counted, because client and server start slowly. */
const WARM_UP_SECONDS = 0.5

/** `perSecond` counts answers with 200, `failed` everything else. */
export type Load = { perSecond: number; failed: number; p50Ms: number; p99Ms: number }

/** Sends the load for `seconds`, and measures it. */
export async function generateLoad(load: LoadRequest): Promise<Load> {
  const { address, bytes, connections, seconds } = load
  const request = Buffer.from(bytes)
  const latencies: number[] = []
  let failed = 0
  const start = performance.now() + WARM_UP_SECONDS * 1_000
  const end = start + seconds * 1_000

  function runConnection(): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(address)
      let sentAt = 0
      let received = ''
      function send(): void {
        received = ''
        sentAt = performance.now()
        socket.write(request)
      }
      socket.setNoDelay(true)
      socket.on('connect', send)
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1')
        if (!isComplete(received)) return
        const now = performance.now()
        if (!received.startsWith('HTTP/1.1 200 ')) failed += 1
        else if (now > start) latencies.push(now - sentAt)
        if (now < end) send()
        else socket.destroy()
      })
      socket.on('error', () => {})
      socket.on('close', () => {
        // The server closed the connection during a request.
        if (performance.now() < end) failed += 1
        resolve()
      })
    })
  }

  await Promise.all(Array.from({ length: connections }, runConnection))
  const tookSeconds = (performance.now() - start) / 1_000
  latencies.sort((a, b) => a - b)
  const quantile = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0
  const perSecond = latencies.length / tookSeconds
  return { perSecond, failed, p50Ms: quantile(0.5), p99Ms: quantile(0.99) }
}

/** True if the answer is complete, by its length or its last chunk. */
function isComplete(answer: string): boolean {
  const head = answer.indexOf('\r\n\r\n')
  if (head < 0) return false
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, head))?.[1]
  if (length === undefined) return answer.endsWith('0\r\n\r\n')
  return answer.length >= head + 4 + Number(length)
}
