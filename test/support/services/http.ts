// Requests to apps, and servers for the clients under test.
import { once } from 'node:events'
import { createServer, type Server as HttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { App } from '../../../runtime/http/http-app.ts'
import { listenOn } from '../../../runtime/http/listen.ts'
import { JSON_CASE_HEADER, SNAKE_CASE } from '../../../runtime/previous-version.ts'
import { cleanUp } from '../clean-up.ts'
import { makeFolder } from '../folder.ts'

const snakeCase = { [JSON_CASE_HEADER]: SNAKE_CASE }
const jsonHeaders = { 'content-type': 'application/json', ...snakeCase }

/** POSTs `body` to the app: a string or bytes unchanged, anything else as JSON. */
export async function post(app: App, path: string, body: unknown, headers = {}) {
  const raw = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
  const init = { method: 'POST', headers: { ...jsonHeaders, ...headers } }
  const response = await app.request(path, { ...init, body: raw })
  return readAnswer(response)
}

/** POSTs JSON whose last part is sent only when `finish` is called. */
export function beginPost(app: App, path: string, json: string, headers = {}) {
  let finish = () => {}
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      finish = () => {
        controller.enqueue(Buffer.from(json))
        controller.close()
      }
    },
  })
  const init: RequestInit & { duplex: 'half' } = {
    method: 'POST',
    headers: { ...jsonHeaders, ...headers },
    body,
    duplex: 'half',
  }
  const answered = Promise.resolve(app.request(path, init)).then(({ status }) => status)
  return { finish, answered }
}

export async function get(app: App, path: string, headers = {}) {
  return readAnswer(await app.request(path, { headers: { ...snakeCase, ...headers } }))
}

async function readAnswer(response: Response) {
  const { status, headers } = response
  return { status, headers, body: (await response.json()) as Record<string, unknown> }
}

/** Starts a server on a free loopback port and returns its URL. The test closes it at its end. */
export async function serve(listener: RequestListener): Promise<URL> {
  const server = makeServer(listener)
  return new URL(`http://127.0.0.1:${await listenOnLoopback(server)}/sign`)
}

/** Starts a server on its own Unix socket and returns the socket's path. The test closes it at its end. */
export async function serveOverSocket(listener: RequestListener): Promise<string> {
  const socket = join(await makeFolder(), 'signer.sock')
  await listenOn(makeServer(listener), { socket })
  return socket
}

function makeServer(listener: RequestListener): HttpServer {
  const server = createServer(listener)
  cleanUp(() => {
    server.closeAllConnections()
    server.close()
  })
  return server
}

/** Forwards a loopback port to a Unix socket, as the proxy does in the Pod. Returns the port. */
export async function bridgeToSocket(socket: string): Promise<number> {
  const bridge = createTcpServer((inbound) => {
    const outbound = connect(socket)
    inbound.pipe(outbound).pipe(inbound)
    inbound.on('error', () => outbound.destroy())
    outbound.on('error', () => inbound.destroy())
  })
  cleanUp(() => void bridge.close())
  return listenOnLoopback(bridge)
}

/** Sends bytes unchanged, and returns everything that the peer sends until it closes. */
export async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  cleanUp(() => void socket.destroy())
  socket.write(bytes)
  return text(socket)
}

/** Listens on a free loopback port and returns the port. */
export async function listenOnLoopback(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
