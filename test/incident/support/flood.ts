// Floods a port with requests over many connections, as code in a container can. Containers run this file, so it imports no other
// file.
import { connect } from 'node:net'

export type Flood = {
  host: string
  port: number
  /** As latin1. They are sent in turn. */
  requests: string[]
  perSecond: number
  seconds: number
}

/** More would only wait: the proxy and the signer have two processors at most. */
const CONNECTIONS = 64
/** A status line may come in two pieces. */
const STATUS_BYTES = 'HTTP/1.1 200'.length

/** Returns how often each status was received, and "closed" for connections that ended without one. */
export async function flood({
  host,
  port,
  requests,
  perSecond,
  seconds,
}: Flood): Promise<Record<string, number>> {
  const bytes = requests.map((each) => Buffer.from(each, 'latin1'))
  const counts: Record<string, number> = {}
  const start = performance.now()
  let sent = 0
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1
  }
  const elapsed = () => (performance.now() - start) / 1_000
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

  /** Sends requests over one connection until it closes. */
  function useConnection(): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect({ host, port })
      let rest = ''
      let isAnswered = true
      const send = async () => {
        while (sent >= elapsed() * perSecond && elapsed() < seconds) await sleep(2)
        if (elapsed() >= seconds) {
          socket.destroy()
          return
        }
        isAnswered = false
        socket.write(bytes[sent++ % bytes.length] as Buffer)
      }
      socket.setTimeout(10_000, () => socket.destroy())
      socket.on('connect', () => void send())
      socket.on('error', () => {})
      socket.on('close', () => {
        if (!isAnswered) count('closed')
        resolve()
      })
      socket.on('data', (chunk) => {
        const text = rest + chunk.toString('latin1')
        const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)]
        for (const [, status = ''] of statuses) count(status)
        const last = statuses.at(-1)
        rest = text.slice(
          Math.max(text.length - STATUS_BYTES + 1, last ? last.index + STATUS_BYTES : 0),
        )
        if (statuses.length === 0 || isAnswered) return
        isAnswered = true
        void send()
      })
    })
  }

  async function work(): Promise<void> {
    while (elapsed() < seconds) await useConnection()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
  return counts
}
