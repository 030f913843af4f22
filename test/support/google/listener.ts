// A server of HTTP/1.1 for gcloud and of HTTP/2 for gRPC, at one port of loopback.
import { once } from 'node:events'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import { findFreePort } from '../../../tools/local-cluster/free-port.ts'
import type { Certificates } from '../clouds/certificates.ts'

export type Serve = (request: Http2ServerRequest, response: Http2ServerResponse) => Promise<void>
export type Listener = {
  port: number
  /** From then on nothing accepts connections. Open ones end. */
  close: () => Promise<void>
  open: () => Promise<void>
}

export async function startListener(tls: Certificates, serve: Serve): Promise<Listener> {
  const port = await findFreePort()
  const sockets = new Set<Socket>()
  const settings = { cert: tls.cert, key: tls.key, allowHTTP1: true }
  const server = createSecureServer(settings, (request, response) => {
    serve(request, response).catch(() => void request.socket.destroy())
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })

  async function open() {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }

  async function close() {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }

  await open()
  return { port, open, close }
}
