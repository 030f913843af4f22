// Sends requests repeatedly, one at a time on each connection. A connection stays open as long as the server keeps it.
// Containers run this file, so it imports no other file. It is cheap, because it shares the cores with what it measures.
import { connect } from 'node:net'

export type LoadRequest = {
  /** A TCP port or a Unix socket. */
  address: { host: string; port: number } | { path: string }
  /** The whole HTTP/1.1 request, or several that take turns. */
  bytes: string | readonly string[]
  connections: number
  seconds: number
  /** Ends earlier, after this many requests. */
  requests?: number
}

/** Not counted, because client and server start slowly. */
const WARM_UP_SECONDS = 0.5

/** `perSecond` counts answers with 200, `failed` everything else. `served` also counts the answers of the warm-up. */
export type Load = {
  perSecond: number
  served: number
  failed: number
  p50Ms: number
  p99Ms: number
}

/** Sends the load for `seconds`, and measures it. */
export async function generateLoad(load: LoadRequest): Promise<Load> {
  const { address, bytes, connections, seconds, requests = Infinity } = load
  const all = [bytes].flat().map((each) => Buffer.from(each))
  let turn = 0
  const latencies: number[] = []
  let [served, failed] = [0, 0]
  /** Requests that were sent, or will be on a new connection. */
  let begun = connections
  const start = performance.now() + WARM_UP_SECONDS * 1_000
  const end = start + seconds * 1_000

  function runConnection(): Promise<void> {
    return new Promise((resolve) => {
      let sentAt = 0
      let received = ''
      function open(): void {
        const socket = connect(address)
        let [isDone, isClosing] = [false, false]
        function send(): void {
          received = ''
          sentAt = performance.now()
          socket.write(all[turn++ % all.length] ?? '')
        }
        socket.setNoDelay(true)
        socket.on('connect', send)
        socket.on('data', (chunk) => {
          received += chunk.toString('latin1')
          if (!isComplete(received)) return
          const now = performance.now()
          if (!received.startsWith('HTTP/1.1 200 ')) failed += 1
          else {
            served += 1
            if (now > start) latencies.push(now - sentAt)
          }
          isDone = now >= end || begun >= requests
          if (!isDone) begun += 1
          isClosing = isLast(received)
          if (isDone || isClosing) socket.destroy()
          else send()
        })
        socket.on('error', () => {})
        socket.on('close', () => {
          if (isClosing && !isDone) return open()
          // The server closed the connection during a request.
          if (!isDone) failed += 1
          resolve()
        })
      }
      open()
    })
  }

  await Promise.all(Array.from({ length: connections }, runConnection))
  const tookSeconds = (performance.now() - start) / 1_000
  latencies.sort((a, b) => a - b)
  const quantile = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0
  const perSecond = latencies.length / tookSeconds
  return { perSecond, served, failed, p50Ms: quantile(0.5), p99Ms: quantile(0.99) }
}

/** True if the server closes the connection after this answer. */
function isLast(answer: string): boolean {
  return /^connection: close\r$/im.test(answer)
}

/** True if the answer is complete, by its length or its last chunk. */
function isComplete(answer: string): boolean {
  const head = answer.indexOf('\r\n\r\n')
  if (head < 0) return false
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, head))?.[1]
  if (length === undefined) return answer.endsWith('0\r\n\r\n')
  return answer.length >= head + 4 + Number(length)
}
