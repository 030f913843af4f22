// Random requests that are almost valid: some of path, method, body and headers are changed.
import fc from 'fast-check'

export type FuzzedRequest = {
  protocol: 'HTTP/1.1' | 'HTTP/1.0' | 'HTTP/2'
  method: string
  path: string
  host: string
  headers: [name: string, value: string][]
  body: string
  /** The index of one of the caller's tokens, the best first. Without a token if there are fewer. */
  token: number
  /** What the pairing signature covers: the request, `POST /sign`, or it is missing. */
  paired: 'as sent' | 'for /sign' | 'not'
  lineEnd: '\r\n' | '\n'
}

const routes = ['/sign', '/sign/batch', '/verify', '/keys', '/metrics', '/readyz', '/process']
const insertions = [
  ...['/', '//', '/./', '/../', '%2f', '%5c', '\\', '%2e'],
  ...['%00', ';a=b', '?', '?a=b', '#', ' ', '*'],
]
const identity = 'spiffe://cluster.local/ns/signing/sa/secure-signing'

const changedPath = fc
  .tuple(fc.constantFrom(...routes), fc.constantFrom(...insertions), fc.nat(10), fc.nat(6))
  .map(([route, piece, at, how]) => {
    const place = Math.min(at, route.length)
    if (how === 0) return `/x/..${route}`
    if (how === 1) return route.toUpperCase()
    if (how === 2) return `/%${route.charCodeAt(1).toString(16)}${route.slice(2)}`
    if (how === 3) return `http://localhost:8081${route}`
    return `${route.slice(0, place)}${piece}${route.slice(place)}`
  })
const changedMethod = fc.oneof(
  fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'DELETE', 'TRACE'),
  fc.stringMatching(/^[A-Za-z]{1,8}$/),
)
const header = fc.oneof(
  fc.constantFrom<[string, string]>(
    ['x-forwarded-client-cert', `By=${identity};Hash=00;URI=${identity}`],
    ['x-forwarded-client-cert', identity],
    ['x-forwarded-for', '127.0.0.1'],
    ['x-forwarded-proto', 'https'],
    ['x-real-ip', '127.0.0.1'],
    ['x-envoy-internal', 'true'],
    ['x-envoy-original-path', '/sign'],
    ['x-envoy-original-method', 'POST'],
    ['x-envoy-upstream-alt-stat-name', 'x'],
    ['x-original-url', '/sign'],
    ['x-rewrite-url', '/sign'],
    ['x-http-method-override', 'POST'],
    ['x-jwt-payload', 'eyJhdWQiOlsic2lnbmVyIl19'],
    ['x-istio-attributes', 'AAAA'],
    ['origin', 'https://attacker.example'],
    ['access-control-request-method', 'POST'],
    ['cookie', 'token=1'],
    ['expect', '100-continue'],
    ['te', 'trailers'],
  ),
  fc.tuple(fc.stringMatching(/^x-[a-z]{1,12}$/), fc.stringMatching(/^[!-~]{0,40}$/)),
)
/** The signer accepts these bodies. The frontend refuses them, so no public client gets a valid signature. */
const sign = '{"message":"fuzz","encoding":"utf8"}'
const good = fc.constantFrom(
  { method: 'POST', path: '/sign', body: sign },
  { method: 'POST', path: '/sign', body: sign },
  { method: 'POST', path: '/sign', body: sign },
  { method: 'POST', path: '/sign/batch', body: '{"messages":["fuzz"]}' },
  {
    method: 'POST',
    path: '/sign/batch',
    body: '{"items":[{"request_id":"fuzz","message":"fuzz"}]}',
  },
  { method: 'POST', path: '/verify', body: `{"message":"fuzz","signature":"${'0'.repeat(64)}"}` },
  { method: 'GET', path: '/keys', body: '' },
  { method: 'GET', path: '/metrics', body: '' },
  { method: 'GET', path: '/readyz', body: '' },
  { method: 'POST', path: '/process', body: sign },
)
const sometimes = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })
const usually = <T>(usual: T, arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary })

const fuzzedRequest: fc.Arbitrary<FuzzedRequest> = fc
  .record({
    good,
    changes: fc.record({
      method: sometimes(changedMethod),
      path: sometimes(fc.oneof(changedPath, changedPath, fc.webPath())),
      body: sometimes(fc.constantFrom('', '{}', sign)),
    }),
    rest: fc.record({
      protocol: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/2', 'HTTP/2', 'HTTP/1.0'),
      host: usually(
        'localhost:8081',
        fc.constantFrom('signer', 'signing-pod', 'signer.pod.internal', 'a', ''),
      ),
      headers: fc.array(header, { maxLength: 4 }),
      token: usually(0, fc.nat(10)),
      paired: usually('as sent', fc.constantFrom('for /sign', 'not')),
      lineEnd: usually('\r\n', fc.constant('\n')),
    }),
  })
  .map(({ good: { method, path, body }, changes, rest }) => ({
    method: changes.method ?? method,
    path: changes.path ?? path,
    body: changes.body ?? body,
    ...rest,
  }))

/** Makes the same requests for the same seed. */
export function makeFuzzedRequests(seed: number, count: number): FuzzedRequest[] {
  return fc.sample(fuzzedRequest, { seed, numRuns: count })
}
