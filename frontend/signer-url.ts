// Where the signer is: behind the mesh at http://host:port/path, or at its own socket, unix:/path/of/socket:/path.
import { urlToHttpOptions } from 'node:url'

const overSocket = /^unix:((?:\/[\w.-]+)+):((?:\/[\w.-]+)+)$/

/** How node:http gets there, and the path to ask for. */
export type SignerTarget = {
  connect: { socketPath: string } | { hostname: string; port: string | undefined }
  path: string
}

/** True if a container of this Pod is called at its socket, with no proxy between. */
export function isSocketUrl({ href }: URL): boolean {
  return overSocket.test(href)
}

/** True for what `readTarget` can read: nothing in it that would be dropped. */
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
