// Writes HTTP/1.1 requests as bytes, and reads answers from bytes.
import { type KeyObject, randomUUID } from 'node:crypto'
import { signRequest } from '../../../client/request-signature.ts'
import { CALLER_TOKEN_HEADER } from '../../../client/signed-request.ts'
import { JSON_CASE_HEADER, SNAKE_CASE } from '../../../runtime/previous-version.ts'
import type { Outcome } from './probe.ts'
import type { Credentials } from './target.ts'

/**
 * Makes a request id that proxies do not change. In a plain UUID, Envoy changes a digit if it traces the request, by default
 * one in a hundred.
 */
export function makeRequestId(): string {
  return `test-${randomUUID()}`
}

export type RequestParts = {
  method?: string
  path?: string
  host?: string
  headers?: Record<string, string>
  body?: string
}

/** Writes a request that closes its connection. The default is a `POST /sign` with a message. */
export function writeRequest(parts: RequestParts = {}): string {
  const { method = 'POST', path = '/sign', host = 'localhost:8081' } = parts
  const { headers = {}, body = defaultBody(method) } = parts
  const all = {
    host,
    connection: 'close',
    ...(body === '' ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

/** Adds a pairing signature over method, path and body. `secondsAgo`: its age. */
export function signParts(
  pairing: KeyObject,
  parts: RequestParts = {},
  secondsAgo = 0,
): RequestParts {
  const { method = 'POST', path = '/sign', headers = {}, body = defaultBody(method) } = parts
  const created = Math.floor(Date.now() / 1_000) - secondsAgo
  const request = { method, path, body: Buffer.from(body), created }
  return { ...parts, headers: { ...signRequest(pairing, request), ...headers } }
}

/** Adds the frontend's token and pairing signature, as far as `parts` has no others. */
export function withCredentials(
  { token, pairing }: Credentials,
  parts: RequestParts = {},
): RequestParts {
  return signParts(pairing, { ...parts, headers: { ...tokenHeader(token), ...parts.headers } })
}

export function defaultBody(method: string): string {
  return method === 'POST' ? '{"message":"attack"}' : ''
}

/** The header of a caller that reads `key_id`. */
export const snakeCase = { [JSON_CASE_HEADER]: SNAKE_CASE }

export function tokenHeader(token: string): Record<string, string> {
  return { [CALLER_TOKEN_HEADER]: token }
}

/** Reads the status code. Undefined if the answer is not HTTP. */
export function readStatus(received: string): number | undefined {
  const status = /^HTTP\/1\.\d (\d{3}) /.exec(received)?.[1]
  return status === undefined ? undefined : Number(status)
}

/** Reads the JSON after the headers, also if it is chunked. */
export function readJsonBody(received: string): unknown {
  return JSON.parse(/\{.*\}/s.exec(received)?.[0] ?? 'null')
}

/** An outcome in one word: its status, or how it ended without one. */
export function describeOutcome({ connected, end, received }: Outcome): string {
  const status = readStatus(received)
  if (status !== undefined) return String(status)
  if (received !== '') return 'not HTTP'
  if (end === 'timeout') return 'timeout'
  return connected ? 'closed' : 'not connected'
}
