// A server at one port of loopback that goes away and comes back, as a cloud that cannot be reached.
import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import { findFreePort } from '../../../tools/local-cluster/free-port.ts'

export type Loopback = {
  port: number
  /** From then on nothing accepts connections. Open ones end. */
  close: () => Promise<void>
  open: () => Promise<void>
}

/** Opens `server`, of any protocol, at a free port. */
export async function openOnLoopback(server: Server): Promise<Loopback> {
  const port = await findFreePort()
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })

  async function open(): Promise<void> {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }

  async function close(): Promise<void> {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }

  await open()
  return { port, open, close }
}
