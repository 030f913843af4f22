// An HTTPS proxy on loopback that leads each name of a cloud to its imitation, and refuses every other name.
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { openOnLoopback } from './loopback.ts'

export type Proxy = {
  /** For HTTPS_PROXY. */
  url: string
  /** Each name that was asked for and is not known, with its port. */
  refused: readonly string[]
  stop: () => Promise<void>
}

/** `ports`: the port on loopback of each name. A name that accepts no connection is answered with 502. */
export async function openProxy(ports: Readonly<Record<string, number>>): Promise<Proxy> {
  const known = new Map(Object.entries(ports).map(([name, port]) => [`${name}:443`, port]))
  const refused: string[] = []
  const server = createServer((_, answer) => void answer.writeHead(405).end())
  server.on('connect', ({ url = '' }, socket: Socket, head: Buffer) => {
    const port = known.get(url)
    if (port === undefined) refused.push(url)
    const there = port === undefined ? undefined : connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.on('close', () => there?.destroy())
    if (there === undefined) return refuse(socket, 403, 'Forbidden')
    let isThrough = false
    there.on('connect', () => {
      isThrough = true
      socket.write('HTTP/1.1 200 Connected\r\n\r\n')
      there.write(head)
      socket.pipe(there).pipe(socket)
    })
    there.on('error', () => (isThrough ? socket.destroy() : refuse(socket, 502, 'Bad Gateway')))
  })
  const { port, close } = await openOnLoopback(server)
  return { url: `http://127.0.0.1:${port}`, refused, stop: close }
}

function refuse(socket: Socket, status: number, reason: string): void {
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n\r\n`)
}
