// Which servers and listeners of an existing Gateway serve our route, and why others do not.
import { describe, expect, test } from 'vitest'
import { chooseDoors, type Door, matchesHost } from '../../../tools/kube/gateway/doors.ts'
import { readServers } from '../../../tools/kube/gateway/istio-gateway.ts'
import { readListeners } from '../../../tools/kube/gateway/kubernetes-gateway.ts'

test.each([
  ['*', 'signing.example', true],
  ['*.example', 'signing.example', true],
  ['*.example', 'a.signing.example', true],
  ['*.example', 'example', false],
  ['Signing.Example', 'signing.example', true],
  ['other.example', 'signing.example', false],
  ['*.other.example', 'signing.example', false],
])('the host %s admits %s: %s', (pattern, host, admits) => {
  expect(matchesHost(pattern, host)).toBe(admits)
})

describe('a server of a Gateway of Istio', () => {
  const read = (server: object, namespace = 'infra') => {
    const metadata = { name: 'public', namespace }
    const spec = { selector: {}, servers: [{ hosts: ['*'], ...server }] }
    const gateway = { apiVersion: 'networking.istio.io/v1', kind: 'Gateway', metadata, spec }
    return readServers(gateway)[0] as Door
  }
  const http = { number: 80, name: 'http', protocol: 'HTTP' }
  const https = { number: 443, name: 'https', protocol: 'HTTPS' }

  test.each([
    ['*', ['*']],
    ['*/*', ['*']],
    ['*/signing.example', ['signing.example']],
    ['signing/signing.example', ['signing.example']],
    ['signing.example', ['signing.example']],
    ['other/signing.example', []],
    ['./signing.example', []],
  ])('with the host %s serves us %s', (host, admitted) => {
    expect(read({ port: http, hosts: [host] }).hosts).toEqual(admitted)
  })

  test('with the host ./* serves us in our own namespace', () => {
    expect(read({ port: http, hosts: ['./*'] }, 'signing').hosts).toEqual(['*'])
  })

  test.each([
    ['HTTP', { port: http }, undefined, false],
    ['HTTP with a redirect', { port: http, tls: { httpsRedirect: true } }, 'redirects', false],
    ['HTTPS', { port: https, tls: { mode: 'SIMPLE' } }, undefined, true],
    ['HTTPS with client certificates', { port: https, tls: { mode: 'MUTUAL' } }, undefined, true],
    ['PASSTHROUGH', { port: https, tls: { mode: 'PASSTHROUGH' } }, 'does not decrypt', true],
    [
      'AUTO_PASSTHROUGH',
      { port: https, tls: { mode: 'AUTO_PASSTHROUGH' } },
      'does not decrypt',
      true,
    ],
    ['TCP', { port: { ...http, protocol: 'TCP' } }, 'has no HTTP routes', false],
    ['TLS', { port: { ...https, protocol: 'TLS' } }, 'has no HTTP routes', false],
    [
      'another namespace',
      { port: http, hosts: ['other/*'] },
      'do not admit the namespace signing',
      false,
    ],
  ])('of %s is judged', (_, server, refusal, isTls) => {
    const door = read(server)
    expect(door.isTls).toBe(isTls)
    if (refusal === undefined) expect(door.refusal).toBeUndefined()
    else expect(door.refusal).toContain(refusal)
  })
})

describe('a listener of the Kubernetes Gateway API', () => {
  const own = { 'kubernetes.io/metadata.name': 'signing', edge: 'open' }
  const read = (listener: object, namespace = 'infra', status: object = {}) => {
    const base = { name: 'web', port: 80, protocol: 'HTTP' }
    const gateway = {
      ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', status },
      metadata: { name: 'public', namespace },
      spec: { gatewayClassName: 'istio', listeners: [{ ...base, ...listener }] },
    }
    return readListeners(gateway, own)[0] as Door
  }
  const from = (value: string, selector?: object) => ({
    allowedRoutes: { namespaces: { from: value, ...(selector && { selector }) } },
  })
  const failed = {
    listeners: [
      {
        name: 'web',
        conditions: [
          {
            type: 'ResolvedRefs',
            status: 'False',
            reason: 'InvalidCertificateRef',
            message: 'no Secret',
          },
        ],
      },
    ],
  }

  test.each([
    ['admits all namespaces', from('All'), undefined],
    ['has no allowedRoutes', {}, 'allowedRoutes.namespaces is Same'],
    ['admits its own namespace', from('Same'), 'does not admit the namespace signing'],
    ['admits no namespace', from('None'), 'does not admit'],
    ['admits our label', from('Selector', { matchLabels: { edge: 'open' } }), undefined],
    [
      'admits another label',
      from('Selector', { matchLabels: { edge: 'closed' } }),
      'does not admit',
    ],
    [
      'admits by an expression',
      from('Selector', { matchExpressions: [{ key: 'edge', operator: 'In', values: ['open'] }] }),
      undefined,
    ],
    [
      'shuts out by an expression',
      from('Selector', { matchExpressions: [{ key: 'edge', operator: 'DoesNotExist' }] }),
      'does not admit',
    ],
    [
      'admits no HTTPRoute',
      { allowedRoutes: { namespaces: { from: 'All' }, kinds: [{ kind: 'GRPCRoute' }] } },
      'without HTTPRoute',
    ],
    ['is for TLS', { ...from('All'), protocol: 'TLS' }, 'has no HTTP routes'],
    [
      'does not decrypt',
      { ...from('All'), protocol: 'HTTPS', tls: { mode: 'Passthrough' } },
      'does not decrypt',
    ],
  ])('that %s is judged', (_, listener, refusal) => {
    const found = read(listener).refusal
    if (refusal === undefined) expect(found).toBeUndefined()
    else expect(found).toContain(refusal)
  })

  test('of our own namespace admits us without allowedRoutes', () => {
    expect(read({}, 'signing').refusal).toBeUndefined()
  })

  test('that is not ready says why in its own words', () => {
    expect(read(from('All'), 'infra', failed).refusal).toContain('InvalidCertificateRef: no Secret')
  })
})

describe('the choice among them', () => {
  const door = (title: string, hosts: string[], more: Partial<Door> = {}): Door => ({
    ...{ title, hosts, port: 80, isTls: false, needsClientCertificate: false },
    ...more,
  })
  const http = door('http', ['*'])
  const https = door('https', ['signing.example'], { isTls: true, port: 443 })
  const closed = door('closed', ['*'], { refusal: 'is closed' })
  const choose = (doors: Door[], host?: string) => {
    const chosen = chooseDoors('the Gateway', doors, host)
    return [chosen.doors.map(({ title }) => title), chosen.host]
  }

  test.each([
    ['takes TLS and its only host', [http, https, closed], undefined, ['https'], 'signing.example'],
    ['takes every host', [http], undefined, ['http'], undefined],
    [
      'takes the host that the user names',
      [http, https],
      'signing.example',
      ['https'],
      'signing.example',
    ],
    ['leaves TLS out for another host', [http, https], 'other.example', ['http'], 'other.example'],
    [
      'takes the door without client certificates first',
      [{ ...https, title: 'mutual', needsClientCertificate: true }, https],
      'signing.example',
      ['https', 'mutual'],
      'signing.example',
    ],
  ])('%s', (_, doors, host, titles, chosen) => {
    expect(choose(doors, host)).toEqual([titles, chosen])
  })

  test.each([
    [
      'several hosts',
      [door('a', ['a.example', 'b.example'])],
      undefined,
      'serves several hosts: a.example, b.example',
    ],
    ['a wildcard', [door('a', ['*.example'])], undefined, 'serves several hosts: *.example'],
    [
      'a host that none serves',
      [https, closed],
      'other.example',
      'https: serves signing.example\n  closed: is closed',
    ],
    ['no door', [], undefined, 'it has no listener'],
  ])('fails with %s', (_, doors, host, message) => {
    expect(() => choose(doors, host)).toThrow(message)
  })
})
