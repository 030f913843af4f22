// Google Cloud on loopback, as far as the key needs it: the token service, and Secret Manager by REST and by gRPC.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { findFreePort } from '../../../../tools/local-cluster/free-port.ts'
import type { Certificates } from '../clouds/certificates.ts'
import { ApiError, asApiError } from './api-error.ts'
import { accessPath, readRequest, writeResponse } from './grpc.ts'
import { callRest } from './rest.ts'
import { createSecretManager, type Principal } from './secret-manager.ts'
import { type Cluster, createTokenService } from './token-service.ts'

export const tokenHost = 'securetoken.googleapis.com'
export const tokenPath = '/v1/identitybindingtoken'
export const secretHost = 'secretmanager.googleapis.com'

export type Cloud = {
  port: number
  /** The access token of the project's owner, for gcloud. */
  owner: string
  /** The ServiceAccount tokens that the token service accepted. */
  accepted: readonly string[]
  /** From then on nothing accepts connections. */
  close: () => Promise<void>
  open: () => Promise<void>
}

export async function openCloud(cluster: Cluster, certificates: Certificates): Promise<Cloud> {
  const port = await findFreePort()
  const owner = `ya29.${randomBytes(32).toString('base64url')}`
  const tokens = createTokenService(cluster)
  const secrets = createSecretManager()
  const sockets = new Set<Socket>()
  const { cert, key } = certificates
  const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    const serve = request.url === accessPath ? serveGrpc : serveJson
    serve(request, response).catch(() => void request.socket.destroy())
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })

  function identify({ headers }: Http2ServerRequest): Principal {
    if (headers.authorization === `Bearer ${owner}`) return 'owner'
    return tokens.identify(headers.authorization)
  }

  async function serveGrpc(request: Http2ServerRequest, response: Http2ServerResponse) {
    const body = await buffer(request)
    response.setHeader('content-type', 'application/grpc')
    try {
      const answer = writeResponse(secrets.access(identify(request), readRequest(body)))
      response.addTrailers({ 'grpc-status': '0' })
      response.end(answer)
    } catch (error) {
      const { code, message } = asApiError(error)
      response.flushHeaders()
      const said = encodeURIComponent(message)
      response.addTrailers({ 'grpc-status': String(code.grpc), 'grpc-message': said })
      response.end()
    }
  }

  async function serveJson(request: Http2ServerRequest, response: Http2ServerResponse) {
    const text = (await buffer(request)).toString()
    try {
      send(response, 200, await answerJson(request, text))
    } catch (error) {
      const { code, status, message } = asApiError(error)
      send(response, code.http, { error: { code: code.http, status, message } })
    }
  }

  async function answerJson(request: Http2ServerRequest, text: string): Promise<object> {
    const { method, url: path } = request
    const body = () => parse(text)
    if (path === tokenPath) return tokens.exchange(body())
    return callRest(secrets, identify(request), { method, path, body })
  }

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
  return { port, owner, accepted: tokens.accepted, open, close }
}

function send(response: Http2ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiError('INVALID_ARGUMENT', 'The body is no JSON.')
  }
}
