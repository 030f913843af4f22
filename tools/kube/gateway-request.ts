// Sends a request as a client of the gateway. The host name may differ from the address, as with curl --connect-to.
import { readFile } from 'node:fs/promises'
import { type IncomingHttpHeaders, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import { text } from 'node:stream/consumers'
import { getCACertificates } from 'node:tls'
import { UserError } from '../cli/terminal.ts'
import { type GatewayUrl, readAddress } from './gateway-url.ts'

export type Answer = { status: number; headers: IncomingHttpHeaders; body: string }

export type HttpRequest = {
  method: string
  path: string
  headers: Readonly<Record<string, string>>
  body?: string
}

/** Follows no redirect. `ca`: a PEM file with the gateway's private CA. Throws the error of the connection. */
export async function sendRequest(
  gatewayUrl: GatewayUrl,
  { method, path, headers, body = '' }: HttpRequest,
  { ca, timeoutMs }: { ca: string | undefined; timeoutMs: number },
): Promise<Answer> {
  const { protocol, hostname, host } = new URL(gatewayUrl.url)
  const isTls = protocol === 'https:'
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const options = {
    ...readAddress(gatewayUrl),
    ...{ method, path, agent: false },
    headers: {
      host,
      ...headers,
      ...(body !== '' && { 'content-length': Buffer.byteLength(body) }),
    },
    signal: AbortSignal.timeout(timeoutMs),
    ...(isTls && {
      // No server name for an address (RFC 6066).
      servername: isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : '',
      ca: await readAuthorities(ca),
    }),
  }
  const sent = (isTls ? requestHttps : requestHttp)(options, (response) => {
    const { statusCode: status = 0, headers } = response
    text(response).then((read) => resolve({ status, headers, body: read }), reject)
  })
  sent.on('error', reject).end(body)
  return promise
}

/** Adds the private CA to those of Node, which include NODE_EXTRA_CA_CERTS. */
async function readAuthorities(file: string | undefined): Promise<string[]> {
  const known = getCACertificates('default')
  if (file === undefined) return known
  const pem = await readFile(file, 'utf8').catch(() => '')
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return [...known, pem]
  throw new UserError(
    `GATEWAY_CACERT="${file}" is not a PEM file with certificates`,
    "Give the certificate of the CA that signed the gateway's certificate: GATEWAY_CACERT=file.pem.",
  )
}
