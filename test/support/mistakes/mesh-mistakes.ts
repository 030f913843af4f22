// Mistakes that break the rules about the mesh.
import type { Mistakes } from './mistakes.ts'
import { routeMistakes } from './route-mistakes.ts'

const sidecar = 'Sidecar/signer'
const pod = 'Deployment/secure-signing'
const peers = 'PeerAuthentication/signer-require-mtls'
const tokens = 'RequestAuthentication/signer-authenticate-caller'
const ingress = 'AuthorizationPolicy/signer-allow-gateway'
const sign = 'AuthorizationPolicy/signer-allow-caller'
const probe = 'AuthorizationPolicy/signer-allow-probe'
const route = 'VirtualService/frontend'
const metadata = 'spec.template.metadata'
const excluding = `${metadata}.annotations.traffic~1sidecar~1istio~1io`
const operation = 'spec.rules.0.to.0.operation'
const source = 'spec.rules.0.from.0.source'
const deny = 'AuthorizationPolicy/signer-deny-others'
const refused = 'spec.rules.0.from.0.source'
const own = { matchLabels: { app: 'secure-signing' } }
const other = { matchLabels: { app: 'other' } }

export const meshMistakes: Mistakes = {
  'strict-mtls': {
    'its absence': [peers, '', undefined],
    PERMISSIVE: [peers, 'spec.mtls.mode', 'PERMISSIVE'],
    'an exception for a port': [peers, 'spec.portLevelMtls', { 8081: { mode: 'DISABLE' } }],
    'another Pod only': [peers, 'spec.selector', { matchLabels: { a: 'b' } }],
    'no selector, so that an older policy for the namespace wins': [
      peers,
      'spec.selector',
      undefined,
    ],
    'another namespace': [peers, 'metadata.namespace', 'other'],
    'a second one that is PERMISSIVE': [
      '+',
      '',
      security('PeerAuthentication', { selector: own, mtls: { mode: 'PERMISSIVE' } }),
    ],
  },
  'token-check': {
    'its absence': [tokens, '', undefined],
    'no audience': [tokens, 'spec.jwtRules.0.audiences', undefined],
    'a second audience': [tokens, 'spec.jwtRules.0.audiences.+', 'https://kubernetes.default.svc'],
    'a forwarded token': [tokens, 'spec.jwtRules.0.forwardOriginalToken', true],
    'a token in Authorization': [
      tokens,
      'spec.jwtRules.0.fromHeaders',
      [{ name: 'Authorization', prefix: 'Bearer ' }],
    ],
    'a token in a second header': [
      tokens,
      'spec.jwtRules.0.fromHeaders.+',
      { name: 'Authorization', prefix: 'Bearer ' },
    ],
    "Istio's default headers": [tokens, 'spec.jwtRules.0.fromHeaders', undefined],
    'a token in the query': [tokens, 'spec.jwtRules.0.fromParams', ['token']],
    'a token in a cookie': [tokens, 'spec.jwtRules.0.fromCookies', ['token']],
    'keys without TLS': [tokens, 'spec.jwtRules.0.jwksUri', 'HTTP://keys.example/jwks'],
  },
  'protected-label': {
    'its absence': [pod, `${metadata}.labels.secure-signing~1dev/protected`, undefined],
    'another value': [pod, `${metadata}.labels.secure-signing~1dev/protected`, 'yes'],
  },
  selector: {
    'mTLS for no Pod': [peers, 'spec.selector', other],
    'a policy for no Pod': [sign, 'spec.selector', other],
    'a token check for no Pod': [tokens, 'spec.selector', other],
    'a Sidecar for no Pod': [sidecar, 'spec.workloadSelector.labels.app', 'other'],
  },
  'allow-only': {
    'a DENY instead': [sign, 'spec.action', 'DENY'],
    'an AUDIT, which refuses nothing': [sign, 'spec.action', 'AUDIT'],
  },
  'deny-others': {
    'its absence': [deny, '', undefined],
    'an ALLOW instead': [deny, 'spec.action', 'ALLOW'],
    'one for another Pod': [deny, 'spec.selector', other],
    'a second identity': [
      deny,
      `${refused}.notPrincipals.+`,
      'mesh.example/ns/other/sa/other',
      'spec.rules',
    ],
    'any identity of the namespace': [
      deny,
      `${refused}.notPrincipals`,
      ['mesh.example/ns/signing/*'],
      'spec.rules',
    ],
    'one source that is refused only with another condition': [
      deny,
      `${refused}.namespaces`,
      ['other'],
      'spec.rules',
    ],
    'one method alone': [deny, 'spec.rules.0.to.0.operation.methods', ['POST'], 'spec.rules'],
    'another port': [deny, 'spec.rules.0.to.0.operation.ports', ['8080'], 'spec.rules'],
    'a path that stays open': [
      deny,
      'spec.rules.1.to.0.operation.notPaths.+',
      '/sign',
      'spec.rules',
    ],
    'a condition': [
      deny,
      'spec.rules.0.when',
      [{ key: 'source.ip', values: ['10.0.0.0/8'] }],
      'spec.rules',
    ],
    'no rule for requests without a token': [
      deny,
      'spec.rules.1.from.0.source',
      { notNamespaces: ['signing'] },
      'spec.rules',
    ],
  },
  'policy-ports': {
    'a new port': [
      sidecar,
      'spec.ingress.+',
      { port: { number: 9090, name: 'http', protocol: 'HTTP' }, defaultEndpoint: '127.0.0.1:9090' },
    ],
    'an ALLOW for another port': [sign, `${operation}.ports`, ['8081', '9999']],
  },
  'exact-allow': {
    'any identity': [ingress, `${source}.principals`, ['*']],
    'a prefix of identities': [ingress, `${source}.principals`, ['cluster.local/ns/signing/*']],
    'a suffix of identities': [ingress, `${source}.principals`, ['*/sa/secure-signing']],
    'no caller': [probe, 'spec.rules.0.from', undefined],
    'a caller by namespace': [probe, source, { namespaces: ['signing'] }],
    'a path prefix': [sign, `${operation}.paths`, ['/sign*']],
    'a path suffix': [sign, `${operation}.paths`, ['*/sign']],
    'a path template': [sign, `${operation}.paths`, ['/{**}']],
    'any path': [sign, `${operation}.paths`, undefined],
    'any method': [sign, `${operation}.methods`, undefined],
    'any port': [sign, `${operation}.ports`, undefined],
    'any Pod': [sign, 'spec.selector', undefined],
  },
  'signer-policies': {
    'one for every namespace': [
      '+',
      '',
      security('AuthorizationPolicy', { rules: [{}] }, 'istio-system'),
    ],
    'one for every port': ['+', '', opening({ methods: ['GET'] })],
    'one for all ports but another': ['+', '', opening({ notPorts: ['9090'] })],
    "one for the signer's port": ['+', '', opening({ ports: ['8000', '8081'] })],
    'one for a token of users': [
      '+',
      '',
      security('AuthorizationPolicy', {
        rules: [{ from: [{ source: { requestPrincipals: ['https://users.example/*'] } }] }],
      }),
    ],
  },
  'declared-paths': {
    'another path': [ingress, `${operation}.paths.+`, '/metrics'],
    'another method': [ingress, `${operation}.methods.+`, 'GET'],
    'a prefix': [ingress, `${operation}.paths`, ['/process*']],
  },
  'negative-match': {
    notPaths: [sign, `${operation}.notPaths`, ['/keys']],
    notMethods: [sign, `${operation}.notMethods`, ['GET']],
    notPorts: [sign, `${operation}.notPorts`, ['8080']],
    notPrincipals: [ingress, `${source}.notPrincipals`, ['a']],
    notRequestPrincipals: [sign, `${source}.notRequestPrincipals`, ['a']],
    notNamespaces: [ingress, `${source}.notNamespaces`, ['a']],
    notValues: [sign, 'spec.rules.0.when.0.notValues', ['other']],
  },
  'signer-caller': {
    'the ingress gateway': [
      sign,
      `${source}.principals`,
      ['cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account'],
    ],
    'a second caller': [probe, `${source}.principals.+`, 'cluster.local/ns/signing/sa/default'],
    'the same name elsewhere': [
      sign,
      `${source}.principals`,
      ['cluster.local/ns/other/sa/secure-signing'],
    ],
  },
  'token-to-sign': {
    'a policy without token': [sign, `${source}.requestPrincipals`, undefined],
    'a policy for any token': [sign, `${source}.requestPrincipals`, ['*']],
    'a policy without audience': [sign, 'spec.rules.0.when', undefined],
    'token and identity as "or"': [
      sign,
      'spec.rules.0.from',
      [{ source: { principals: ['a'] } }, { source: { requestPrincipals: ['b'] } }],
    ],
    'a probe that may sign': [probe, `${operation}.paths`, ['/readyz', '/sign'], source],
  },
  capture: {
    'a template that looks injected': [
      'Deployment/secure-signing',
      'spec.template.metadata.annotations.sidecar~1istio~1io/status',
      '{}',
    ],
    excludeInboundPorts: [pod, `${excluding}/excludeInboundPorts`, '8081'],
    excludeOutboundPorts: [pod, `${excluding}/excludeOutboundPorts`, '443'],
    excludeOutboundIPRanges: [pod, `${excluding}/excludeOutboundIPRanges`, '0.0.0.0/0'],
    excludeInterfaces: [pod, `${excluding}/excludeInterfaces`, 'eth0'],
    includeInboundPorts: [pod, `${excluding}/includeInboundPorts`, '8080'],
    includeOutboundPorts: [pod, `${excluding}/includeOutboundPorts`, '443'],
    includeOutboundIPRanges: [pod, `${excluding}/includeOutboundIPRanges`, '10.0.0.0/8'],
    'no proxy': [pod, `${metadata}.annotations.sidecar~1istio~1io/inject`, 'false'],
    'no proxy, by a label': [pod, `${metadata}.labels.sidecar~1istio~1io/inject`, 'false'],
    'nothing captured': [
      pod,
      `${metadata}.annotations.sidecar~1istio~1io/interceptionMode`,
      'NONE',
    ],
    'nothing captured, in the long form': [
      pod,
      `${metadata}.annotations.proxy~1istio~1io/config`,
      'interceptionMode: NONE',
    ],
    'another template': [pod, `${metadata}.annotations.inject~1istio~1io/templates`, 'gateway'],
    'ambient mode': [pod, `${metadata}.labels.istio~1io/dataplane-mode`, 'ambient'],
    'a status port that is the frontend’s': [
      pod,
      `${metadata}.annotations.status~1sidecar~1istio~1io/port`,
      '8080',
    ],
    'another control plane': [
      pod,
      `${metadata}.annotations.proxy~1istio~1io/config`,
      'discoveryAddress: other.example:15012',
    ],
    'an annotation that nobody knows': [pod, `${metadata}.annotations.sidecar~1istio~1io/new`, 'x'],
    'another address of the signer': [
      pod,
      'spec.template.spec.hostAliases',
      [{ ip: '192.0.2.1', hostnames: ['signing-pod'] }],
    ],
    'a container that makes Istio skip the Pod': [
      pod,
      'spec.template.spec.initContainers',
      [{ name: 'istio-init', image: 'x' }],
      'spec.template.spec.containers',
    ],
  },
  injection: {
    'injection disabled': ['Namespace/signing', 'metadata.labels.istio-injection', 'disabled'],
  },
  'admin-port': {
    'no bootstrapOverride': [
      pod,
      `${metadata}.annotations.sidecar~1istio~1io/bootstrapOverride`,
      undefined,
    ],
  },
  'envoy-filter': {
    'an EnvoyFilter': ['+', '', networking('EnvoyFilter', {})],
    'one for every namespace': ['+', '', networking('EnvoyFilter', {}, 'istio-system')],
  },
  'proxy-endpoints': {
    'an abstract socket': [sidecar, 'spec.ingress.1.defaultEndpoint', 'unix://@signer'],
    'another socket': [sidecar, 'spec.ingress.1.defaultEndpoint', 'unix:///tmp/signer.sock'],
    'a signer on TCP': [sidecar, 'spec.ingress.1.defaultEndpoint', '127.0.0.1:8082'],
    'no endpoint': [sidecar, 'spec.ingress.1.defaultEndpoint', undefined],
    'the socket on a second port': [
      sidecar,
      'spec.ingress.0.defaultEndpoint',
      'unix:///run/signer/signer.sock',
    ],
    'a port that is not captured': [sidecar, 'spec.ingress.1.captureMode', 'NONE'],
    'a port that leads to the signer with our identity': [
      sidecar,
      'spec.ingress.0.defaultEndpoint',
      '127.0.0.1:8081',
    ],
    'no Sidecar': [sidecar, '', undefined],
    'a Sidecar for another Pod': [sidecar, 'spec.workloadSelector.labels.app', 'other'],
  },
  'one-sidecar': {
    'a second one': [
      '+',
      '',
      networking('Sidecar', {
        workloadSelector: { labels: { app: 'secure-signing' } },
        egress: [{ hosts: ['./*'] }],
      }),
    ],
  },
  egress: {
    'a signer that other Pods reach': [sidecar, 'spec.egress.0.bind', '0.0.0.0'],
    'a signer at an address that Istio chooses': [sidecar, 'spec.egress.0.bind', undefined],
    "another host at the signer's port": [sidecar, 'spec.egress.0.hosts', ['./other.internal']],
    'any service of the mesh': [sidecar, 'spec.egress.1.hosts', ['*/*']],
    'any of the namespace': [sidecar, 'spec.egress.1.hosts', ['./*']],
    'no egress list': [sidecar, 'spec.egress', undefined],
    'any address outside': [sidecar, 'spec.outboundTrafficPolicy.mode', 'ALLOW_ANY'],
    'no outboundTrafficPolicy': [sidecar, 'spec.outboundTrafficPolicy', undefined],
  },
  addresses: {
    'an abstract socket': [pod, 'spec.template.spec.containers.1.env.0.value', '@signer'],
    'an abstract socket by NUL': [pod, 'spec.template.spec.containers.1.env.0.value', '\0signer'],
    'a socket elsewhere': [pod, 'spec.template.spec.containers.1.env.0.value', '/tmp/s.sock'],
    'a signer without one': [pod, 'spec.template.spec.containers.1.env.0', { name: 'OTHER' }],
    'a call around the proxy': [
      pod,
      'spec.template.spec.containers.0.env.1.value',
      'http://localhost:8082/sign',
    ],
  },
  'signer-service': {
    'a Service for the signer': ['Service/frontend', 'spec.ports.+', { name: 's', port: 8081 }],
    'a Service with the target port of the signer': [
      'Service/frontend',
      'spec.ports.0.targetPort',
      8081,
    ],
  },
  'public-route': {
    'a route to the signer': [
      route,
      'spec.http.0.route.0.destination',
      { host: 'signer.pod.internal', port: { number: 8081 } },
    ],
    "a route to the signer's port": [route, 'spec.http.0.route.0.destination.port.number', 8081],
    'another path': [route, 'spec.http.0.match.0.uri', { exact: '/metrics' }],
    'a prefix': [route, 'spec.http.0.match.0.uri', { prefix: '/process' }],
    'an expression': [route, 'spec.http.0.match.0.uri', { regex: '/process.*' }],
    'every path': [route, 'spec.http.0.match', undefined],
    'a rewrite': [route, 'spec.http.0.rewrite', { uri: '/sign' }],
    'a mirror': [route, 'spec.http.0.mirror', { host: 'signer.pod.internal' }],
    'a second route': [
      route,
      'spec.http.+',
      { route: [{ destination: { host: 'frontend', port: { number: 8080 } } }] },
    ],
    'a second VirtualService': [
      '+',
      '',
      networking('VirtualService', { http: [{ route: [{ destination: { host: 'frontend' } }] }] }),
    ],
    'a VirtualService of another namespace': [
      '+',
      '',
      networking(
        'VirtualService',
        { http: [{ route: [{ destination: { host: 'frontend.signing.svc.cluster.local' } }] }] },
        'other',
      ),
    ],
    'TCP routes': [route, 'spec.tcp', [{ route: [{ destination: { host: 'frontend' } }] }]],
    'TLS routes': [
      route,
      'spec.tls',
      [{ match: [{ sniHosts: ['a.example'] }], route: [{ destination: { host: 'frontend' } }] }],
    ],
    'another method': [route, 'spec.http.0.match.0.method', { exact: 'GET' }],
    'other spellings': [route, 'spec.http.0.match.0.ignoreUriCase', true],
    'a mirror to others': [route, 'spec.http.0.mirrors', [{ destination: { host: 'tap.other' } }]],
    'a delegate for every path': [
      '+',
      '',
      networking('VirtualService', {
        http: [{ route: [{ destination: { host: 'frontend', port: { number: 8080 } } }] }],
      }),
    ],
    'the host of the signer': [route, 'spec.hosts', ['signer.pod.internal'], 'spec.hosts'],
  },
  'public-port': {
    "the signer's port": ['Gateway/public', 'spec.servers.0.port.number', 8081],
    TCP: ['Gateway/public', 'spec.servers.0.port.protocol', 'TCP'],
  },
  ...routeMistakes,
}

function opening(operation: object) {
  return security('AuthorizationPolicy', { selector: own, rules: [{ to: [{ operation }] }] })
}

function security(kind: string, spec: unknown, namespace = 'signing') {
  return { apiVersion: 'security.istio.io/v1', kind, metadata: { name: 'x', namespace }, spec }
}

function networking(kind: string, spec: unknown, namespace = 'signing') {
  return { apiVersion: 'networking.istio.io/v1', kind, metadata: { name: 'x', namespace }, spec }
}
