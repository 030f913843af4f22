// The smoke request of signing.yaml, as it is sent and as a curl command.
import { isIP } from 'node:net'
import type { SmokeRequest } from '../../kube/application/schema.ts'
import type { HttpRequest } from '../../kube/gateway-request.ts'
import { bracket, type GatewayUrl, readAddress } from '../../kube/gateway-url.ts'

/** Text is sent as it is, and everything else as JSON. */
export function composeRequest({ method, path, headers = {}, body }: SmokeRequest): HttpRequest {
  if (body === undefined) return { method, path, headers }
  const isTyped = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json'
  return {
    method,
    path,
    headers: isTyped ? headers : { 'content-type': type, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }
}

/** Returns a command that works as it is, also before the host name is in DNS. `ca`: a PEM file with the gateway's private CA. */
export function formatCurl(
  gatewayUrl: GatewayUrl,
  smoke: SmokeRequest,
  ca: string | undefined,
): string {
  const { url, address } = gatewayUrl
  const { method, path, headers, body } = composeRequest(smoke)
  const { hostname } = new URL(url)
  const { port } = readAddress({ url })
  const resolve =
    address === undefined
      ? []
      : isIP(address.host) !== 0 && address.port === port
        ? [`--resolve ${hostname}:${port}:${address.host}`]
        : [`--connect-to ${hostname}:${port}:${bracket(address.host)}:${address.port}`]
  const trust = ca !== undefined && url.startsWith('https:') ? [`--cacert ${ca}`] : []
  // curl reads a file for data that begins with @.
  const data = body === undefined ? [] : [body.startsWith('@') ? '--data-raw' : '-d', quote(body)]
  return [
    ...['curl -sS', ...resolve, ...trust, ...chooseMethod(method, body)],
    /^[\w./:[\]-]+$/.test(`${url}${path}`) ? `${url}${path}` : quote(`${url}${path}`),
    ...Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    ...data,
  ].join(' ')
}

function chooseMethod(method: string, body: string | undefined): string[] {
  if (method === (body === undefined ? 'GET' : 'POST')) return []
  return [method === 'HEAD' ? '--head' : `-X ${method}`]
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
