// An HTTPS proxy on loopback that leads each name of a cloud to its imitation, and refuses every other name.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { findFreePort } from '../../../tools/local-cluster/free-port.ts'

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
  const open = new Set<Socket>()
  const server = createServer((_, answer) => void answer.writeHead(405).end())
  server.on('connect', ({ url = '' }, socket: Socket, head: Buffer) => {
    const port = known.get(url)
    if (port === undefined) refused.push(url)
    const there = port === undefined ? undefined : connect(port, '127.0.0.1')
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      open.delete(socket)
      there?.destroy()
    })
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
  const port = await findFreePort()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${port}`,
    refused,
    stop: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

function refuse(socket: Socket, status: number, reason: string): void {
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n\r\n`)
}
