// A server of HTTP/1.1 for gcloud and of HTTP/2 for gRPC, at one port of loopback.
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { Certificates } from '../clouds/certificates.ts'
import { type Loopback, openOnLoopback } from '../clouds/loopback.ts'

export type Serve = (request: Http2ServerRequest, response: Http2ServerResponse) => Promise<void>

export function startListener(tls: Certificates, serve: Serve): Promise<Loopback> {
  const settings = { cert: tls.cert, key: tls.key, allowHTTP1: true }
  const server = createSecureServer(settings, (request, response) => {
    serve(request, response).catch(() => void request.socket.destroy())
  })
  return openOnLoopback(server)
}
