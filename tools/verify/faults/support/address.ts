// Where a URL's server listens.

export function toAddress(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port || 80) }
}
