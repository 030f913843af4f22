// Where a URL's server listens.

/** The host and port of an http: URL. */
export function toAddress(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port || 80) }
}
