// The signer's address: http://host:port/path through the mesh, or unix:/path/of/socket:/path at its own socket.
import { urlToHttpOptions } from 'node:url'

const overSocket = /^unix:((?:\/[\w.-]+)+):((?:\/[\w.-]+)+)$/

/** The connection options for node:http, and the request path. */
export type SignerTarget = {
  connect: { socketPath: string } | { hostname: string; port: string | undefined }
  path: string
}

/** Returns true if the URL names a socket in this Pod, without a proxy in between. */
export function isSocketUrl({ href }: URL): boolean {
  return overSocket.test(href)
}

/** Returns true if `readTarget` can read the URL without dropping a part of it. */
export function isSignerUrl(value: string): boolean {
  const url = URL.parse(value)
  if (url === null) return false
  return isSocketUrl(url) || url.href === `http://${url.host}${url.pathname}`
}

/** Reads a URL for which `isSignerUrl` holds. */
export function readTarget(url: URL): SignerTarget {
  const [, socketPath, path = ''] = overSocket.exec(url.href) ?? []
  if (socketPath !== undefined) return { connect: { socketPath }, path }
  const { hostname, port } = urlToHttpOptions(url)
  return { connect: { hostname: hostname ?? '', port: port?.toString() }, path: url.pathname }
}
