// Every way to ask that is not the one way, `POST`; on a path that may be asked for.
import type { RequestParts } from '../../../tools/verify/attack/requests.ts'

export type NamedParts = { name: string; parts: RequestParts }

const body = '{"message":"attack"}'
const preflight = { origin: 'https://attacker.example', 'access-control-request-method': 'POST' }
const upgrade = (to: string) => ({ connection: `Upgrade, HTTP2-Settings`, upgrade: to })

export const otherMethods: readonly NamedParts[] = [
  ...['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'CONNECT', 'OPTIONS', 'PROPFIND'],
  ...['post', 'Post', 'POSTS', 'SIGN'],
]
  .map((method) => ({ name: `${method} /sign`, parts: { method, body: '' } }))
  .concat(
    ['GET', 'PUT', 'OPTIONS'].map((method) => ({
      name: `${method} /sign with a body`,
      parts: { method, body },
    })),
  )

/** Headers that ask the server to treat a GET as a POST, and the reverse. */
export const overriddenMethods: readonly NamedParts[] = [
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  '_method',
].map((header) => ({
  name: `GET /sign with ${header}: POST`,
  parts: { method: 'GET', body, headers: { [header]: 'POST' } },
}))

/** Istio's token check skips preflight requests, because browsers send no token with them. */
export const preflights: readonly NamedParts[] = [
  { name: 'OPTIONS /sign as a preflight', parts: { method: 'OPTIONS', headers: preflight } },
  {
    name: 'OPTIONS /sign as a preflight with a body',
    parts: { method: 'OPTIONS', headers: preflight, body },
  },
  {
    name: 'OPTIONS /keys as a preflight',
    parts: { method: 'OPTIONS', path: '/keys', headers: preflight },
  },
  {
    name: 'OPTIONS * as a preflight',
    parts: { method: 'OPTIONS', path: '*', headers: preflight },
  },
  { name: 'POST /sign dressed as a preflight', parts: { headers: preflight } },
]

export const upgrades: readonly NamedParts[] = [
  {
    name: 'GET /sign, Upgrade: websocket',
    parts: {
      method: 'GET',
      headers: {
        ...upgrade('websocket'),
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    },
  },
  { name: 'POST /sign, Upgrade: websocket', parts: { headers: upgrade('websocket') } },
  {
    name: 'GET /sign, Upgrade: h2c',
    parts: { method: 'GET', headers: { ...upgrade('h2c'), 'http2-settings': 'AAMAAABkAAQAoAAA' } },
  },
  {
    name: 'POST /sign, Upgrade: h2c',
    parts: { headers: { ...upgrade('h2c'), 'http2-settings': '' } },
  },
  { name: 'POST /sign, Upgrade: TLS/1.0', parts: { headers: upgrade('TLS/1.0') } },
  { name: 'POST /sign, Upgrade: connect-udp', parts: { headers: upgrade('connect-udp') } },
]
