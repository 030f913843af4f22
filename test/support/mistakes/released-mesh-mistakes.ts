// Mistakes in the resources of the mesh that a comparison with what is shipped finds, and resources of others.
import type { Mistakes } from './mistakes.ts'

const sidecar = 'Sidecar/signer'
const peers = 'PeerAuthentication/signer-require-mtls'
const tokens = 'RequestAuthentication/signer-authenticate-caller'
const ingress = 'AuthorizationPolicy/signer-allow-gateway'
const sign = 'AuthorizationPolicy/signer-allow-caller'
const probe = 'AuthorizationPolicy/signer-allow-probe'
const operation = 'spec.rules.0.to.0.operation'
const source = 'spec.rules.0.from.0.source'
const deny = 'AuthorizationPolicy/signer-deny-others'
const refused = 'spec.rules.0.from.0.source'
const own = { matchLabels: { app: 'secure-signing' } }
const other = { matchLabels: { app: 'other' } }

const removing = { configPatches: [{ applyTo: 'HTTP_FILTER', patch: { operation: 'REMOVE' } }] }

export const releasedMeshMistakes: Mistakes = {
  'as-released': {
    'strict-mtls: its absence': [peers, '', undefined],
    'strict-mtls: PERMISSIVE': [peers, 'spec.mtls.mode', 'PERMISSIVE'],
    'strict-mtls: an exception for a port': [
      peers,
      'spec.portLevelMtls',
      { 8081: { mode: 'DISABLE' } },
    ],
    'strict-mtls: another Pod only': [peers, 'spec.selector', { matchLabels: { a: 'b' } }],
    'strict-mtls: no selector, so that an older policy for the namespace wins': [
      peers,
      'spec.selector',
      undefined,
    ],
    'strict-mtls: another namespace': [peers, 'metadata.namespace', 'other'],
    'token-check: its absence': [tokens, '', undefined],
    'token-check: no audience': [tokens, 'spec.jwtRules.0.audiences', undefined],
    'token-check: a second audience': [
      tokens,
      'spec.jwtRules.0.audiences.+',
      'https://kubernetes.default.svc',
    ],
    'token-check: a forwarded token': [tokens, 'spec.jwtRules.0.forwardOriginalToken', true],
    'token-check: a token in Authorization': [
      tokens,
      'spec.jwtRules.0.fromHeaders',
      [{ name: 'Authorization', prefix: 'Bearer ' }],
    ],
    'token-check: a token in a second header': [
      tokens,
      'spec.jwtRules.0.fromHeaders.+',
      { name: 'Authorization', prefix: 'Bearer ' },
    ],
    "token-check: Istio's default headers": [tokens, 'spec.jwtRules.0.fromHeaders', undefined],
    'token-check: a token in the query': [tokens, 'spec.jwtRules.0.fromParams', ['token']],
    'token-check: a token in a cookie': [tokens, 'spec.jwtRules.0.fromCookies', ['token']],
    'token-check: keys without TLS': [
      tokens,
      'spec.jwtRules.0.jwksUri',
      'HTTP://keys.example/jwks',
    ],
    'selector: mTLS for no Pod': [peers, 'spec.selector', other],
    'selector: a policy for no Pod': [sign, 'spec.selector', other],
    'selector: a token check for no Pod': [tokens, 'spec.selector', other],
    'selector: a Sidecar for no Pod': [sidecar, 'spec.workloadSelector.labels.app', 'other'],
    'deny-others: its absence': [deny, '', undefined],
    'deny-others: an ALLOW instead': [deny, 'spec.action', 'ALLOW'],
    'deny-others: one for another Pod': [deny, 'spec.selector', other],
    'deny-others: a second identity': [
      deny,
      `${refused}.notPrincipals.+`,
      'mesh.example/ns/other/sa/other',
      'spec.rules',
    ],
    'deny-others: any identity of the namespace': [
      deny,
      `${refused}.notPrincipals`,
      ['mesh.example/ns/signing/*'],
      'spec.rules',
    ],
    'deny-others: one source that is refused only with another condition': [
      deny,
      `${refused}.namespaces`,
      ['other'],
      'spec.rules',
    ],
    'deny-others: one method alone': [
      deny,
      'spec.rules.0.to.0.operation.methods',
      ['POST'],
      'spec.rules',
    ],
    'deny-others: another port': [
      deny,
      'spec.rules.0.to.0.operation.ports',
      ['8080'],
      'spec.rules',
    ],
    'deny-others: a path that stays open': [
      deny,
      'spec.rules.1.to.0.operation.notPaths.+',
      '/sign',
      'spec.rules',
    ],
    'deny-others: a condition': [
      deny,
      'spec.rules.0.when',
      [{ key: 'source.ip', values: ['10.0.0.0/8'] }],
      'spec.rules',
    ],
    'deny-others: no rule for requests without a token': [
      deny,
      'spec.rules.1.from.0.source',
      { notNamespaces: ['signing'] },
      'spec.rules',
    ],
    'policy-ports: a new port': [
      sidecar,
      'spec.ingress.+',
      { port: { number: 9090, name: 'http', protocol: 'HTTP' }, defaultEndpoint: '127.0.0.1:9090' },
    ],
    'policy-ports: an ALLOW for another port': [sign, `${operation}.ports`, ['8081', '9999']],
    'exact-allow: any identity': [ingress, `${source}.principals`, ['*']],
    'exact-allow: a prefix of identities': [
      ingress,
      `${source}.principals`,
      ['cluster.local/ns/signing/*'],
    ],
    'exact-allow: a suffix of identities': [
      ingress,
      `${source}.principals`,
      ['*/sa/secure-signing'],
    ],
    'exact-allow: no caller': [probe, 'spec.rules.0.from', undefined],
    'exact-allow: a caller by namespace': [probe, source, { namespaces: ['signing'] }],
    'exact-allow: a path prefix': [sign, `${operation}.paths`, ['/sign*']],
    'exact-allow: a path suffix': [sign, `${operation}.paths`, ['*/sign']],
    'exact-allow: a path template': [sign, `${operation}.paths`, ['/{**}']],
    'exact-allow: any path': [sign, `${operation}.paths`, undefined],
    'exact-allow: any method': [sign, `${operation}.methods`, undefined],
    'exact-allow: any port': [sign, `${operation}.ports`, undefined],
    'exact-allow: any Pod': [sign, 'spec.selector', undefined],
    'declared-paths: another path': [ingress, `${operation}.paths.+`, '/metrics'],
    'declared-paths: another method': [ingress, `${operation}.methods.+`, 'GET'],
    'declared-paths: a prefix': [ingress, `${operation}.paths`, ['/process*']],
    'negative-match: notPaths': [sign, `${operation}.notPaths`, ['/keys']],
    'negative-match: notMethods': [sign, `${operation}.notMethods`, ['GET']],
    'negative-match: notPorts': [sign, `${operation}.notPorts`, ['8080']],
    'negative-match: notPrincipals': [ingress, `${source}.notPrincipals`, ['a']],
    'negative-match: notRequestPrincipals': [sign, `${source}.notRequestPrincipals`, ['a']],
    'negative-match: notNamespaces': [ingress, `${source}.notNamespaces`, ['a']],
    'negative-match: notValues': [sign, 'spec.rules.0.when.0.notValues', ['other']],
    'signer-caller: the ingress gateway': [
      sign,
      `${source}.principals`,
      ['cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account'],
    ],
    'signer-caller: a second caller': [
      probe,
      `${source}.principals.+`,
      'cluster.local/ns/signing/sa/default',
    ],
    'signer-caller: the same name elsewhere': [
      sign,
      `${source}.principals`,
      ['cluster.local/ns/other/sa/secure-signing'],
    ],
    'token-to-sign: a policy without token': [sign, `${source}.requestPrincipals`, undefined],
    'token-to-sign: a policy for any token': [sign, `${source}.requestPrincipals`, ['*']],
    'token-to-sign: a policy without audience': [sign, 'spec.rules.0.when', undefined],
    'token-to-sign: token and identity as "or': [
      sign,
      'spec.rules.0.from',
      [{ source: { principals: ['a'] } }, { source: { requestPrincipals: ['b'] } }],
    ],
    'token-to-sign: a probe that may sign': [probe, `${operation}.paths`, ['/readyz', '/sign']],
    'proxy-endpoints: an abstract socket': [
      sidecar,
      'spec.ingress.1.defaultEndpoint',
      'unix://@signer',
    ],
    'proxy-endpoints: another socket': [
      sidecar,
      'spec.ingress.1.defaultEndpoint',
      'unix:///tmp/signer.sock',
    ],
    'proxy-endpoints: a signer on TCP': [
      sidecar,
      'spec.ingress.1.defaultEndpoint',
      '127.0.0.1:8082',
    ],
    'proxy-endpoints: no endpoint': [sidecar, 'spec.ingress.1.defaultEndpoint', undefined],
    'proxy-endpoints: the socket on a second port': [
      sidecar,
      'spec.ingress.0.defaultEndpoint',
      'unix:///run/signer/signer.sock',
    ],
    'proxy-endpoints: a port that is not captured': [sidecar, 'spec.ingress.1.captureMode', 'NONE'],
    'proxy-endpoints: a port that leads to the signer with our identity': [
      sidecar,
      'spec.ingress.0.defaultEndpoint',
      '127.0.0.1:8081',
    ],
    'proxy-endpoints: no Sidecar': [sidecar, '', undefined],
    'proxy-endpoints: a Sidecar for another Pod': [
      sidecar,
      'spec.workloadSelector.labels.app',
      'other',
    ],
    'egress: a signer that other Pods reach': [sidecar, 'spec.egress.0.bind', '0.0.0.0'],
    'egress: a signer at an address that Istio chooses': [sidecar, 'spec.egress.0.bind', undefined],
    "egress: another host at the signer's port": [
      sidecar,
      'spec.egress.0.hosts',
      ['./other.internal'],
    ],
    'egress: any service of the mesh': [sidecar, 'spec.egress.1.hosts', ['*/*']],
    'egress: any of the namespace': [sidecar, 'spec.egress.1.hosts', ['./*']],
    'egress: no egress list': [sidecar, 'spec.egress', undefined],
    'egress: any address outside': [sidecar, 'spec.outboundTrafficPolicy.mode', 'ALLOW_ANY'],
    'egress: no outboundTrafficPolicy': [sidecar, 'spec.outboundTrafficPolicy', undefined],
    "public-port: the signer's port": ['Gateway/public', 'spec.servers.0.port.number', 8081],
    'public-port: TCP': ['Gateway/public', 'spec.servers.0.port.protocol', 'TCP'],
  },
}

export const othersMistakes: Mistakes = {
  others: {
    'a second PeerAuthentication that is PERMISSIVE': [
      '+',
      '',
      security('PeerAuthentication', { selector: own, mtls: { mode: 'PERMISSIVE' } }),
    ],
    'an EnvoyFilter': ['+', '', networking('EnvoyFilter', removing)],
    'an EnvoyFilter for every namespace': [
      '+',
      '',
      networking('EnvoyFilter', removing, 'istio-system'),
    ],
    'a second Sidecar': [
      '+',
      '',
      networking('Sidecar', {
        workloadSelector: { labels: { app: 'secure-signing' } },
        egress: [{ hosts: ['./*'] }],
      }),
    ],
  },
}

function security(kind: string, spec: unknown, namespace = 'signing') {
  return { apiVersion: 'security.istio.io/v1', kind, metadata: { name: 'x', namespace }, spec }
}

function networking(kind: string, spec: unknown, namespace = 'signing') {
  return { apiVersion: 'networking.istio.io/v1', kind, metadata: { name: 'x', namespace }, spec }
}
