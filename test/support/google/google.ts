// Google Cloud on loopback, as far as the key needs it: the token service, and Secret Manager by REST and by gRPC. Clients reach
// it by Google's own names, if they know the proxy and trust the tests' authority.
import { randomBytes } from 'node:crypto'
import type { Http2ServerRequest } from 'node:http2'
import { text } from 'node:stream/consumers'
import type { Surroundings } from '../clouds/ask.ts'
import { makeCertificates } from '../clouds/certificates.ts'
import type { Loopback } from '../clouds/loopback.ts'
import { openProxy } from '../clouds/proxy.ts'
import { asApiError } from './api-error.ts'
import { accessPath, serveAccess } from './grpc.ts'
import { type Serve, startListener } from './listener.ts'
import { callRest } from './rest.ts'
import { createSecretManager, OWNER, type Principal } from './secret-manager.ts'
import { type Cluster, createTokenService } from './token-service.ts'

const tokenHost = 'securetoken.googleapis.com'
export const secretHost = 'secretmanager.googleapis.com'
export const tokenService = `https://${tokenHost}/v1/identitybindingtoken`
export const secretManager = `https://${secretHost}`

export type Google = {
  cluster: Cluster
  /** By which a client reaches it. */
  env: Surroundings
  /** The access token of the project's owner, for gcloud. */
  owner: string
  /** The ServiceAccount tokens that the token service accepted, the oldest first. */
  accepted: readonly string[]
  secrets: Loopback
  stop: () => Promise<void>
}

export async function openGoogle(cluster: Cluster): Promise<Google> {
  const owner = `ya29.${randomBytes(32).toString('base64url')}`
  const tokens = createTokenService(cluster)
  const manager = createSecretManager()
  const identify = ({ headers: { authorization } }: Http2ServerRequest): Principal =>
    authorization === `Bearer ${owner}` ? OWNER : tokens.identify(authorization)

  const certificates = await makeCertificates([tokenHost, secretHost])
  const exchange = await startListener(
    certificates,
    serveJson((_, body) => tokens.exchange(body)),
  )
  const serveRest = serveJson(async (request, body) => {
    const { method, url: path } = request
    return callRest(manager, identify(request), { method, path, text: body })
  })
  const serveGrpc = serveAccess((request, name) => manager.access(identify(request), name))
  const secrets = await startListener(certificates, (request, response) =>
    (request.url === accessPath ? serveGrpc : serveRest)(request, response),
  )
  const proxy = await openProxy({ [tokenHost]: exchange.port, [secretHost]: secrets.port })
  const env = { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: certificates.authority }
  return {
    ...{ cluster, env, owner, accepted: tokens.accepted, secrets },
    stop: async () => {
      await proxy.stop()
      await secrets.close()
      await exchange.close()
    },
  }
}

function serveJson(answer: (request: Http2ServerRequest, body: string) => Promise<object>): Serve {
  const type = { 'content-type': 'application/json' }
  return async (request, response) => {
    const body = await text(request)
    try {
      const value = await answer(request, body)
      response.writeHead(200, type).end(JSON.stringify(value))
    } catch (error) {
      const { code, status, message } = asApiError(error)
      const said = { error: { code: code.http, status, message } }
      response.writeHead(code.http, type).end(JSON.stringify(said))
    }
  }
}
