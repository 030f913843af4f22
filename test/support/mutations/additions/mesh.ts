// What widens a resource of Istio, of the Gateway API or of Linkerd.
import type { Path } from '../../../../tools/analyze/finding.ts'
import { type Additions, add, forEachItem, set } from './addition.ts'

const other = 'mesh.example/ns/other/sa/default'
const strange = { issuer: 'https://added.example', jwksUri: 'https://added.example/keys' }
const toAll = { route: [{ destination: { host: 'frontend', port: { number: 8080 } } }] }

/** A policy of Linkerd has the same kind. */
export const authorizationPolicy: Additions = (policy) =>
  policy.apiVersion.startsWith('policy.linkerd.io')
    ? [
        set(['spec', 'requiredAuthenticationRefs'], []),
        set(['spec', 'targetRef'], { kind: 'Namespace', name: 'signing' }),
      ]
    : [
        set(['metadata', 'annotations', 'istio.io/dry-run'], 'true'),
        ...[{}, { to: [{ operation: { paths: ['/*'] } }] }].map((rule) => add(rules, rule)),
        add(rules, { from: [{ source: { namespaces: ['other'] } }] }),
        ...['CUSTOM', 'AUDIT', 'DENY'].map((action) => set(['spec', 'action'], action)),
        set(['spec', 'selector', 'matchLabels', 'added'], 'true'),
        set(['spec', 'targetRefs'], [{ kind: 'Service', group: '', name: 'frontend' }]),
        ...forEachItem(policy, rules, (rule) => [
          add([...rule, 'to'], { operation: { paths: ['/*'] } }),
          add([...rule, 'from'], { source: { principals: ['*'] } }),
          add([...rule, 'when'], { key: 'source.namespace', values: ['other'] }),
          ...forEachItem(policy, [...rule, 'to'], (to) => [
            ...['/*', '/metrics', '/sign'].map((path) => add([...to, 'operation', 'paths'], path)),
            ...['GET', 'DELETE', '*'].map((method) => add([...to, 'operation', 'methods'], method)),
            ...['8080', '8081'].map((port) => add([...to, 'operation', 'ports'], port)),
            add([...to, 'operation', 'notPaths'], '/sign'),
            add([...to, 'operation', 'notMethods'], 'POST'),
            add([...to, 'operation', 'hosts'], 'added'),
          ]),
          ...forEachItem(policy, [...rule, 'from'], (from) => [
            ...['*', other].flatMap((each) => [
              add([...from, 'source', 'principals'], each),
              add([...from, 'source', 'notPrincipals'], each),
            ]),
            add([...from, 'source', 'requestPrincipals'], '*'),
            add([...from, 'source', 'notRequestPrincipals'], '*'),
            add([...from, 'source', 'namespaces'], 'other'),
          ]),
        ]),
      ]
const rules: Path = ['spec', 'rules']

export const peerAuthentication: Additions = () =>
  ['8080', '8081'].flatMap((port) =>
    ['PERMISSIVE', 'DISABLE'].map((mode) => set(['spec', 'portLevelMtls'], { [port]: { mode } })),
  )

export const requestAuthentication: Additions = (resource) => [
  add(['spec', 'jwtRules'], strange),
  ...forEachItem(resource, ['spec', 'jwtRules'], (rule) => [
    add([...rule, 'audiences'], 'added'),
    add([...rule, 'fromHeaders'], { name: 'Authorization', prefix: 'Bearer ' }),
    set([...rule, 'fromParams'], ['token']),
    set([...rule, 'fromCookies'], ['token']),
    set([...rule, 'outputPayloadToHeader'], 'x-added'),
    set([...rule, 'outputClaimToHeaders'], [{ header: 'x-added', claim: 'sub' }]),
    set([...rule, 'jwksUri'], strange.jwksUri),
  ]),
]

export const destinationRule: Additions = () => [
  set(
    ['spec', 'trafficPolicy', 'portLevelSettings'],
    [8080, 8081].map((number) => ({ port: { number }, tls: { mode: 'DISABLE' } })),
  ),
  set(['spec', 'trafficPolicy', 'tls', 'insecureSkipVerify'], true),
  set(['spec', 'trafficPolicy', 'tls', 'subjectAltNames'], ['spiffe://added.example/x']),
  set(['spec', 'trafficPolicy', 'tunnel'], { targetHost: 'added.example', targetPort: 443 }),
  set(
    ['spec', 'subsets'],
    [{ name: 'added', labels: {}, trafficPolicy: { tls: { mode: 'DISABLE' } } }],
  ),
  set(['spec', 'workloadSelector'], { matchLabels: { added: 'true' } }),
  add(['spec', 'exportTo'], '*'),
]

export const sidecar: Additions = (resource) => [
  ...['127.0.0.1:9000', 'unix:///run/key/keys.json'].map((defaultEndpoint) =>
    add(['spec', 'ingress'], {
      defaultEndpoint,
      port: { name: 'http-x', number: 9000, protocol: 'HTTP' },
    }),
  ),
  ...['*/*', './*', 'other/*'].map((host) => add(['spec', 'egress'], { hosts: [host] })),
  set(['spec', 'outboundTrafficPolicy', 'egressProxy'], { host: 'added.example' }),
  set(['spec', 'workloadSelector', 'labels', 'added'], 'true'),
  ...forEachItem(resource, ['spec', 'ingress'], (ingress) => [
    set([...ingress, 'bind'], '0.0.0.0'),
    set([...ingress, 'captureMode'], 'NONE'),
    set([...ingress, 'tls'], { mode: 'SIMPLE', serverCertificate: '/x', privateKey: '/x' }),
    set([...ingress, 'port', 'protocol'], 'TCP'),
  ]),
  ...forEachItem(resource, ['spec', 'egress'], (egress) => [
    add([...egress, 'hosts'], '*/*'),
    set([...egress, 'bind'], '0.0.0.0'),
  ]),
]

export const serviceEntry: Additions = () => [
  add(['spec', 'endpoints'], { address: 'added.example' }),
  add(['spec', 'hosts'], 'added.example'),
  add(['spec', 'addresses'], '192.0.2.2'),
  add(['spec', 'subjectAltNames'], 'spiffe://mesh.example/ns/other/sa/default'),
  add(['spec', 'exportTo'], '*'),
  add(['spec', 'ports'], { name: 'http', number: 80, protocol: 'HTTP' }),
  set(['spec', 'workloadSelector'], { labels: { added: 'true' } }),
]

export const virtualService: Additions = (resource) => [
  add(['spec', 'http'], toAll),
  add(['spec', 'tcp'], { match: [{ port: 80 }], ...toAll }),
  add(['spec', 'hosts'], 'added.example'),
  add(['spec', 'gateways'], 'mesh'),
  ...forEachItem(resource, ['spec', 'http'], (http) => [
    ...['/', '/sign', '/metrics'].map((prefix) => add([...http, 'match'], { uri: { prefix } })),
    add([...http, 'match'], { uri: { regex: '/.*' } }),
    add([...http, 'route'], { destination: { host: 'added.other.svc.cluster.local' }, weight: 1 }),
    set([...http, 'mirror'], { host: 'added.other.svc.cluster.local' }),
    set([...http, 'rewrite'], { uri: '/sign' }),
    set([...http, 'headers', 'request', 'set'], { 'caller-token': 'added' }),
    set([...http, 'headers', 'request', 'add'], { 'x-forwarded-client-cert': 'added' }),
    set([...http, 'headers', 'response', 'set'], { 'x-added': 'added' }),
    set([...http, 'corsPolicy'], { allowOrigins: [{ regex: '.*' }] }),
    set([...http, 'delegate'], { name: 'added', namespace: 'other' }),
    set([...http, 'fault'], { abort: { httpStatus: 200, percentage: { value: 100 } } }),
    set([...http, 'route', 0, 'destination', 'subset'], 'added'),
    set([...http, 'route', 0, 'destination', 'port'], { number: 8081 }),
    set([...http, 'retries'], { attempts: 3, retryOn: '5xx' }),
  ]),
]

export const httpRoute: Additions = (resource) => [
  add(['spec', 'rules'], { matches: [{ path: { type: 'PathPrefix', value: '/' } }] }),
  add(['spec', 'hostnames'], '*.example'),
  add(['spec', 'parentRefs'], { name: 'added', namespace: 'other' }),
  ...forEachItem(resource, ['spec', 'rules'], (rule) => [
    ...['/', '/sign', '/metrics'].map((value) =>
      add([...rule, 'matches'], { path: { type: 'PathPrefix', value } }),
    ),
    add([...rule, 'backendRefs'], { name: 'added', namespace: 'other', port: 80 }),
    ...[
      {
        type: 'URLRewrite',
        urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/sign' } },
      },
      { type: 'RequestMirror', requestMirror: { backendRef: { name: 'added', port: 80 } } },
      {
        type: 'RequestHeaderModifier',
        requestHeaderModifier: { set: [{ name: 'caller-token', value: 'x' }] },
      },
    ].map((filter) => add([...rule, 'filters'], filter)),
  ]),
]

export const gateway: Additions = (resource) => [
  add(['spec', 'servers'], { hosts: ['*'], port: { name: 'tcp', number: 8081, protocol: 'TCP' } }),
  set(['spec', 'selector', 'added'], 'true'),
  ...forEachItem(resource, ['spec', 'servers'], (server) => [
    add([...server, 'hosts'], '*/*'),
    set([...server, 'tls'], { mode: 'PASSTHROUGH' }),
    set([...server, 'bind'], '127.0.0.1'),
  ]),
]

export const telemetry: Additions = () => [
  set(['spec', 'accessLogging'], [{ disabled: true }]),
  set(['spec', 'metrics'], [{ overrides: [{ disabled: true }] }]),
]

export const server: Additions = () =>
  ['all-unauthenticated', 'audit', 'cluster-authenticated'].map((policy) =>
    set(['spec', 'accessPolicy'], policy),
  )

export const meshTlsAuthentication: Additions = () => [
  add(['spec', 'identityRefs'], { kind: 'ServiceAccount', name: 'default', namespace: 'other' }),
  set(['spec', 'identities'], ['*']),
]

export const networkAuthentication: Additions = () => [
  add(['spec', 'networks'], { cidr: '192.0.2.0/24' }),
]
