// Mistakes that break the rules about the mesh.
import type { Mistakes } from './mistakes.ts'
import { routeMistakes } from './route-mistakes.ts'

const pod = 'Deployment/secure-signing'
const sign = 'AuthorizationPolicy/signer-allow-caller'
const route = 'VirtualService/frontend'
const metadata = 'spec.template.metadata'
const excluding = `${metadata}.annotations.traffic~1sidecar~1istio~1io`
const own = { matchLabels: { app: 'secure-signing' } }

export const meshMistakes: Mistakes = {
  'protected-label': {
    'its absence': [pod, `${metadata}.labels.secure-signing~1dev/protected`, undefined],
    'another value': [pod, `${metadata}.labels.secure-signing~1dev/protected`, 'yes'],
  },
  'allow-only': {
    'a DENY instead': [sign, 'spec.action', 'DENY'],
    'an AUDIT, which refuses nothing': [sign, 'spec.action', 'AUDIT'],
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
