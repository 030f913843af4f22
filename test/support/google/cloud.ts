// Google Cloud on loopback, as far as the key needs it: the token service, and Secret Manager by REST and by gRPC.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { findFreePort } from '../../../tools/local-cluster/free-port.ts'
import type { Certificates } from '../clouds/certificates.ts'
import { asApiError } from './api-error.ts'
import { accessPath, readRequest, writeResponse } from './grpc.ts'
import { callRest } from './rest.ts'
import { createSecretManager, type Principal } from './secret-manager.ts'
import { type Cluster, createTokenService } from './token-service.ts'

export const tokenService = 'https://securetoken.googleapis.com/v1/identitybindingtoken'
export const secretManager = 'https://secretmanager.googleapis.com'
export const hosts = [tokenService, secretManager].map((url) => new URL(url).hostname)

export type Cloud = {
  port: number
  /** The access token of the project's owner, for gcloud. */
  owner: string
  /** The ServiceAccount tokens that the token service accepted, the oldest first. */
  accepted: readonly string[]
  /** From then on nothing accepts connections. */
  close: () => Promise<void>
  open: () => Promise<void>
}
type Serve = (request: Http2ServerRequest, response: Http2ServerResponse) => Promise<void>

export async function openCloud(cluster: Cluster, { cert, key }: Certificates): Promise<Cloud> {
  const port = await findFreePort()
  const owner = `ya29.${randomBytes(32).toString('base64url')}`
  const tokens = createTokenService(cluster)
  const secrets = createSecretManager()
  const sockets = new Set<Socket>()
  const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    const serve = request.url === accessPath ? serveGrpc : serveJson
    serve(request, response).catch(() => void request.socket.destroy())
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })

  const identify = ({ headers }: Http2ServerRequest): Principal =>
    headers.authorization === `Bearer ${owner}` ? 'owner' : tokens.identify(headers.authorization)

  const serveGrpc: Serve = async (request, response) => {
    const body = await buffer(request)
    response.writeHead(200, { 'content-type': 'application/grpc' })
    try {
      const answer = secrets.access(identify(request), readRequest(body))
      response.addTrailers({ 'grpc-status': '0' })
      response.end(writeResponse(answer))
    } catch (error) {
      const { code, message } = asApiError(error)
      const said = encodeURIComponent(message)
      response.addTrailers({ 'grpc-status': String(code.grpc), 'grpc-message': said })
      response.end()
    }
  }

  const serveJson: Serve = async (request, response) => {
    const { method, url: path } = request
    const text = (await buffer(request)).toString()
    const json = { 'content-type': 'application/json' }
    try {
      const answer = tokenService.endsWith(path)
        ? await tokens.exchange(text)
        : callRest(secrets, identify(request), { method, path, text })
      response.writeHead(200, json).end(JSON.stringify(answer))
    } catch (error) {
      const { code, status, message } = asApiError(error)
      const said = { error: { code: code.http, status, message } }
      response.writeHead(code.http, json).end(JSON.stringify(said))
    }
  }

  async function open() {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }

  async function close() {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }

  await open()
  return { port, owner, accepted: tokens.accepted, open, close }
}
