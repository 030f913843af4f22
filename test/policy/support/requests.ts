// HTTP/1.1 requests as bytes, and answers read from bytes.

export type RequestParts = {
  method?: string
  path?: string
  host?: string
  headers?: Record<string, string>
  body?: string
}

/** Writes a request that closes its connection; `POST /sign` of a message unless `parts` say otherwise. */
export function writeRequest(parts: RequestParts = {}): string {
  const { method = 'POST', path = '/sign', host = 'localhost:8081' } = parts
  const { headers = {}, body = method === 'POST' ? '{"message":"attack"}' : '' } = parts
  const all = {
    host,
    connection: 'close',
    ...(body === '' ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

/** The status code, or undefined if what came is no HTTP. */
export function readStatus(received: string): number | undefined {
  const status = /^HTTP\/1\.\d (\d{3}) /.exec(received)?.[1]
  return status === undefined ? undefined : Number(status)
}

/** The JSON after the headers; chunked answers too. */
export function readJsonBody(received: string): unknown {
  return JSON.parse(/\{.*\}/s.exec(received)?.[0] ?? 'null')
}
