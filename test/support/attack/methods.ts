// Requests with another method than the allowed one, on an allowed path.
import type { RequestParts } from '../../../tools/verify/attack/requests.ts'

export type NamedParts = readonly [name: string, parts: RequestParts]

const body = '{"message":"attack"}'
const headers = { origin: 'https://attacker.example', 'access-control-request-method': 'POST' }
const upgrade = (to: string, more: Record<string, string> = {}) => ({
  headers: { connection: 'Upgrade, HTTP2-Settings', upgrade: to, ...more },
})

export const otherMethods: readonly NamedParts[] = [
  ...[
    ...['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'CONNECT', 'OPTIONS', 'PROPFIND'],
    ...['post', 'Post', 'POSTS', 'SIGN'],
  ].map((method): NamedParts => [`${method} /sign`, { method, body: '' }]),
  ...['GET', 'PUT', 'OPTIONS'].map((method): NamedParts => {
    return [`${method} /sign with a body`, { method, body }]
  }),
]

/** Headers that ask the server to use another method. */
export const overriddenMethods: readonly NamedParts[] = [
  ...['x-http-method-override', 'x-http-method', 'x-method-override', '_method'],
].map((header) => [
  `GET /sign with ${header}: POST`,
  { method: 'GET', body, headers: { [header]: 'POST' } },
])

/** Istio's token check lets preflight requests pass, because browsers send no token with them. */
export const preflights: readonly NamedParts[] = [
  ['OPTIONS /sign as a preflight', { method: 'OPTIONS', headers }],
  ['OPTIONS /sign as a preflight with a body', { method: 'OPTIONS', headers, body }],
  ['OPTIONS /keys as a preflight', { method: 'OPTIONS', path: '/keys', headers }],
  ['OPTIONS * as a preflight', { method: 'OPTIONS', path: '*', headers }],
  ['POST /sign with the headers of a preflight', { headers }],
]

const websocket = {
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}
export const upgrades: readonly NamedParts[] = [
  ['GET /sign, Upgrade: websocket', { method: 'GET', ...upgrade('websocket', websocket) }],
  ['POST /sign, Upgrade: websocket', upgrade('websocket')],
  [
    'GET /sign, Upgrade: h2c',
    { method: 'GET', ...upgrade('h2c', { 'http2-settings': 'AAMAAABkAAQAoAAA' }) },
  ],
  ['POST /sign, Upgrade: h2c', upgrade('h2c', { 'http2-settings': '' })],
  ['POST /sign, Upgrade: TLS/1.0', upgrade('TLS/1.0')],
  ['POST /sign, Upgrade: connect-udp', upgrade('connect-udp')],
]
