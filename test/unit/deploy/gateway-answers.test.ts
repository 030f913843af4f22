// What `make smoke` and `make deploy` say about an answer that is not a signature.
import { describe, expect, test } from 'vitest'
import { explainAnswer, explainConnection } from '../../../tools/deploy/smoke/gateway-answers.ts'
import { composeRequest, formatCurl } from '../../../tools/deploy/smoke/smoke-request.ts'
import type { SmokeRequest } from '../../../tools/kube/application/schema.ts'
import { chooseUrlToPrint, readAddress } from '../../../tools/kube/gateway-url.ts'
import { composeSmoke } from '../../support/process-message.ts'

const http = { url: 'http://signing.example' }
const { request } = composeSmoke('hello')
const envoy = { server: 'istio-envoy', 'content-type': 'text/plain' }

describe('an answer', () => {
  const explain = (status: number, body = '', headers = {}) =>
    explainAnswer({ status, body, headers: { ...envoy, ...headers } }, http, request)

  test.each([301, 302, 303, 307, 308])(
    '%i is a redirect, with its Location and what to set',
    (status) => {
      const { what, todo, isFinal } = explain(status, '', {
        location: 'https://signing.example/process',
      })
      expect(what).toContain(`${status}, a redirect to https://signing.example/process`)
      expect(todo).toBe('Set GATEWAY_URL=https://signing.example.')
      expect(isFinal).toBe(true)
    },
  )

  test('redirects to another host', () => {
    const { todo } = explain(301, '', { location: 'https://www.signing.example/process' })
    expect(todo).toContain('GATEWAY_URL=https://www.signing.example')
    expect(todo).toContain('PUBLIC_HOST=www.signing.example')
  })

  test('redirects to a login page', () => {
    const { todo } = explain(302, '', { location: 'https://login.example/?next=/process' })
    expect(todo).toContain('login page')
  })

  test('redirects without a Location', () => {
    expect(explain(307).what).toContain('a redirect to nowhere')
  })

  test.each([
    [403, 'RBAC: access denied', {}, "does not know the gateway's identity"],
    [401, 'Jwt is missing', {}, 'requires a token'],
    [404, '', {}, 'No route for this host and path'],
    [
      404,
      '<html>nginx</html>',
      { server: 'nginx', 'content-type': 'text/html' },
      'No route for this host',
    ],
    [426, 'Upgrade Required', {}, 'another version of HTTP'],
    [400, 'Client sent an HTTP request to an HTTPS port', {}, 'https address'],
    [503, 'no healthy upstream', {}, 'does not reach the application'],
    [
      503,
      'upstream connect error or disconnect/reset before headers',
      {},
      'does not reach the application',
    ],
    [504, 'upstream request timeout', {}, 'gave up'],
    [500, 'boom', {}, 'kubectl logs'],
    [200, '<html>welcome</html>', {}, 'kubectl logs'],
  ])('%i %s is shown and explained', (status, body, headers, todo) => {
    const found = explain(status, body, headers)
    expect(found.what).toContain(String(status))
    expect(found.what).toContain(body)
    expect(found.todo).toContain(todo)
  })

  test('of the frontend is shown as it is', () => {
    const body = '{"code":"signer_unavailable"}'
    const found = explain(503, body, { 'content-type': 'application/problem+json' })
    expect([found.what, found.todo]).toEqual([
      expect.stringContaining(body),
      expect.stringContaining('kubectl logs'),
    ])
  })

  test.each<[number, string, string, string]>([
    [502, '{"error":"the signer answered 400"}', 'application/json', 'istio-envoy'],
    [504, '<html>upstream</html>', 'text/html', 'istio-envoy'],
    [404, '{"detail":"Not Found"}', 'application/json', 'envoy'],
    [400, 'no such field', 'text/plain; charset=utf-8', 'istio-envoy'],
  ])('%i %s of an application behind the gateway is the application’s', (...given) => {
    const [status, body, type, server] = given
    const { what, todo } = explain(status, body, { 'content-type': type, server })
    expect(what).toBe(`${status} from "${server}": ${body}`)
    expect(todo).toContain('your application, or what it calls, refuses')
    expect(todo).toContain('kubectl logs')
  })

  test.each([
    ['a load balancer', { server: 'awselb/2.0', 'content-type': 'application/json' }],
    ['the gateway itself', {}],
  ])('502 of %s is not the application’s', (_, headers) => {
    expect(explain(502, '{"message":"Bad Gateway"}', headers).todo).toContain('gave up')
  })

  test('names the proxy that gave it', () => {
    expect(explain(403, 'Forbidden', { server: 'awselb/2.0' }).what).toBe(
      '403 from "awselb/2.0": Forbidden',
    )
  })
})

test.each([
  ['self-signed certificate in certificate chain', 'GATEWAY_CACERT'],
  ["Hostname/IP does not match certificate's altnames", 'PUBLIC_HOST'],
  [
    'write EPROTO 00:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number',
    'http address',
  ],
  ['connect ECONNREFUSED 192.0.2.7:80', 'GATEWAY_URL'],
])('the error "%s" says what to do', (problem, todo) => {
  expect(explainConnection(problem, { url: 'https://signing.example' }).todo).toContain(todo)
})

describe('the printed curl command', () => {
  const tls = { url: 'https://signing.example' }

  test.each([
    [
      'of a plain address',
      { url: 'http://192.0.2.7' },
      undefined,
      'curl -sS http://192.0.2.7/process ',
    ],
    [
      'of a name that is not in DNS',
      { ...tls, address: { host: '192.0.2.7', port: 443 } },
      undefined,
      'curl -sS --resolve signing.example:443:192.0.2.7 https://signing.example/process ',
    ],
    [
      'of a load balancer with a name',
      { ...tls, address: { host: 'lb.example', port: 443 } },
      undefined,
      'curl -sS --connect-to signing.example:443:lb.example:443 https://signing.example/process ',
    ],
    [
      'with IPv6 and another port',
      { url: 'https://signing.example:8443', address: { host: '2001:db8::7', port: 443 } },
      'ca.pem',
      'curl -sS --connect-to signing.example:8443:[2001:db8::7]:443 --cacert ca.pem https://signing.example:8443/process ',
    ],
    ['without TLS needs no CA', http, 'ca.pem', 'curl -sS http://signing.example/process '],
  ])('%s', (_, gatewayUrl, ca, start) => {
    expect(formatCurl(gatewayUrl, request, ca)).toBe(
      `${start}-H 'content-type: application/json' -d '{"message":"hello"}'`,
    )
  })

  test.each<[SmokeRequest, string]>([
    [{ method: 'GET', path: '/a?b=c' }, "'http://signing.example/a?b=c'"],
    [{ method: 'HEAD', path: '/a' }, '--head http://signing.example/a'],
    [{ method: 'PUT', path: '/a' }, '-X PUT http://signing.example/a'],
    [{ method: 'POST', path: '/a' }, '-X POST http://signing.example/a'],
    [
      { method: 'POST', path: '/a', body: "it's" },
      "http://signing.example/a -H 'content-type: text/plain; charset=utf-8' -d 'it'\\''s'",
    ],
    [
      { method: 'POST', path: '/a', body: '@a', headers: { 'Content-Type': 'x/y', b: 'c' } },
      "http://signing.example/a -H 'Content-Type: x/y' -H 'b: c' --data-raw '@a'",
    ],
    [
      { method: 'PATCH', path: '/a', body: [1, null] },
      "-X PATCH http://signing.example/a -H 'content-type: application/json' -d '[1,null]'",
    ],
  ])('sends what make smoke sends: %j', (given, expected) => {
    expect(formatCurl(http, given, undefined)).toBe(`curl -sS ${expected}`)
    const { method, path } = composeRequest(given)
    expect({ method, path }).toEqual({ method: given.method, path: given.path })
  })

  test('uses the port of the port-forward that the user starts', () => {
    const forwarded = {
      url: 'https://signing.example:39999',
      address: { host: '127.0.0.1', port: 39999 },
    }
    const printed = chooseUrlToPrint({ ...forwarded, prerequisite: 'kubectl port-forward' })
    expect(formatCurl(printed, request, undefined)).toContain(
      '--resolve signing.example:8080:127.0.0.1 https://signing.example:8080/process',
    )
    expect(chooseUrlToPrint(forwarded)).toBe(forwarded)
  })
})

test.each([
  ['http://192.0.2.7', '192.0.2.7', 80],
  ['https://signing.example', 'signing.example', 443],
  ['https://[2001:db8::7]:8443', '2001:db8::7', 8443],
])('%s is at %s, port %i', (url, host, port) => {
  expect(readAddress({ url })).toEqual({ host, port })
})
