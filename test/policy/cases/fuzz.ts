// Random requests that are nearly good ones: a path, a method, a body and headers as they should be, some of them bent.
import fc from 'fast-check'

export type FuzzedRequest = {
  protocol: 'HTTP/1.1' | 'HTTP/1.0' | 'HTTP/2'
  method: string
  path: string
  host: string
  headers: [name: string, value: string][]
  body: string
  /** Index into the tokens that the caller has, the best first; none if there are fewer. */
  token: number
  /** Whether the pairing signature is over what is sent, over `POST /sign`, or missing. */
  paired: 'as sent' | 'for /sign' | 'not'
  lineEnd: '\r\n' | '\n'
}

const routes = ['/sign', '/sign/batch', '/verify', '/keys', '/metrics', '/readyz', '/process']
const spliced = [
  '/',
  '//',
  '/./',
  '/../',
  '%2f',
  '%5c',
  '\\',
  '%2e',
  '%00',
  ';a=b',
  '?',
  '?a=b',
  '#',
  ' ',
  '*',
]
const identity = 'spiffe://cluster.local/ns/signing/sa/secure-signing'

const bentPath = fc
  .tuple(fc.constantFrom(...routes), fc.constantFrom(...spliced), fc.nat(10), fc.nat(6))
  .map(([route, piece, at, how]) => {
    const place = Math.min(at, route.length)
    if (how === 0) return `/x/..${route}`
    if (how === 1) return route.toUpperCase()
    if (how === 2) return `/%${route.charCodeAt(1).toString(16)}${route.slice(2)}`
    if (how === 3) return `http://localhost:8081${route}`
    return `${route.slice(0, place)}${piece}${route.slice(place)}`
  })
const path = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...routes) },
  { weight: 4, arbitrary: bentPath },
  { weight: 1, arbitrary: fc.webPath() },
)
const method = fc.oneof(
  { weight: 5, arbitrary: fc.constant('POST') },
  { weight: 3, arbitrary: fc.constantFrom('GET', 'HEAD', 'PUT', 'OPTIONS', 'DELETE', 'TRACE') },
  { weight: 1, arbitrary: fc.stringMatching(/^[A-Za-z]{1,8}$/) },
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
/** A body that the signer takes; the frontend does not, so that the world gets no signature by asking rightly. */
const body = fc.oneof(
  { weight: 5, arbitrary: fc.constant('{"message":"fuzz","encoding":"utf8"}') },
  { weight: 2, arbitrary: fc.constant('{"messages":["fuzz"]}') },
  { weight: 1, arbitrary: fc.constant(`{"message":"fuzz","signature":"${'0'.repeat(64)}"}`) },
  { weight: 1, arbitrary: fc.constant('') },
)

const fuzzedRequest: fc.Arbitrary<FuzzedRequest> = fc.record({
  protocol: fc.oneof(
    { weight: 5, arbitrary: fc.constant('HTTP/1.1' as const) },
    { weight: 4, arbitrary: fc.constant('HTTP/2' as const) },
    { weight: 1, arbitrary: fc.constant('HTTP/1.0' as const) },
  ),
  method,
  path,
  host: fc.constantFrom('localhost:8081', 'signer', 'signing-pod', 'signer.pod.internal', 'a', ''),
  headers: fc.array(header, { maxLength: 4 }),
  body,
  token: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 4, arbitrary: fc.nat(10) }),
  paired: fc.constantFrom('as sent', 'for /sign', 'not'),
  lineEnd: fc.oneof(
    { weight: 9, arbitrary: fc.constant('\r\n' as const) },
    { weight: 1, arbitrary: fc.constant('\n' as const) },
  ),
})

/** The same for the same seed. */
export function makeFuzzedRequests(seed: number, count: number): FuzzedRequest[] {
  return fc.sample(fuzzedRequest, { seed, numRuns: count })
}
