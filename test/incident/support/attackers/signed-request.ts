// Requests with the frontend's own credentials, which every program in its container can read.
import { createSecretKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { signRequest } from '../../../../client/request-signature.ts'

export const proxy = { host: '127.0.0.1', port: 8081 }

export type Request = { path: string; headers: Record<string, string>; body: string }

/** Writes a request for `count` signatures, with new credentials. `bytes`: how long each message is at least. */
export function writeSigned(count: number, bytes = 0): Request {
  const path = count === 1 ? '/sign' : '/sign/batch'
  const text = `attack ${Date.now()}`.padEnd(bytes)
  const messages = Array.from({ length: count }, (_, index) => `${text} ${index}`)
  const body = JSON.stringify(count === 1 ? { message: text } : { messages })
  const secret = createSecretKey(readFileSync('/run/pairing/secret'))
  const created = Math.floor(Date.now() / 1_000)
  const headers = {
    'content-type': 'application/json',
    'content-length': String(body.length),
    'caller-token': readFileSync('/run/identity/token', 'utf8'),
    'x-json-case': 'snake',
    ...signRequest(secret, { method: 'POST', path, body: Buffer.from(body), created }),
  }
  return { path, headers, body }
}

/** Writes it as HTTP/1.1. */
export function toHttp1({ path, headers, body }: Request): string {
  const lines = Object.entries({ host: 'localhost:8081', ...headers })
  return `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}
