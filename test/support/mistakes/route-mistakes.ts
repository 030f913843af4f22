// Routes of the Kubernetes Gateway API and Ingresses that open more than the public path.
import type { Change, Mistakes } from './mistakes.ts'

const frontend = { name: 'frontend', port: 8080 }
const matches = [{ path: { type: 'Exact', value: '/process' }, method: 'POST' }]
const right = { matches, backendRefs: [frontend] }
const grant = (to: object) =>
  add('ReferenceGrant', { from: [route('other')], to: [to] }, 'spec.to.0')
const route = (namespace: string) => ({
  ...{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace },
})
const mirrorTo = (backendRef: object) => ({ type: 'RequestMirror', requestMirror: { backendRef } })
const rule = (change: object, shownAt = 'spec.rules.0', namespace?: string) =>
  add('HTTPRoute', { rules: [{ ...right, ...change }] }, shownAt, namespace)
const listener = (change: object, kind = 'Gateway') =>
  add(
    kind,
    { listeners: [{ name: 'a', port: 80, protocol: 'HTTP', ...change }] },
    'spec.listeners.0',
  )
const path = (change: object) =>
  ingress({
    rules: [
      {
        http: {
          paths: [{ path: '/process', pathType: 'Exact', backend: toFrontend(8080), ...change }],
        },
      },
    ],
  })
const toFrontend = (number: number, name = 'frontend') => ({ service: { name, port: { number } } })

export const routeMistakes: Mistakes = {
  'public-http-route': {
    'every path': rule({ matches: undefined }),
    'a path by default': rule({ matches: [{ method: 'POST' }] }),
    'the path /': rule({ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }),
    'a prefix': rule({ matches: [{ path: { type: 'PathPrefix', value: '/process' } }] }),
    'an expression': rule({ matches: [{ path: { type: 'RegularExpression', value: '/.*' } }] }),
    'another path': rule({ matches: [{ path: { type: 'Exact', value: '/metrics' } }] }),
    'another method': rule({ matches: [{ ...matches[0], method: 'GET' }] }),
    'a second match': rule({ matches: [...matches, { headers: [{ name: 'a', value: 'b' }] }] }),
    "the signer's port": rule({ backendRefs: [{ ...frontend, port: 8081 }] }),
    'a host name': rule({
      backendRefs: [
        {
          ...{ group: 'networking.istio.io', kind: 'Hostname', port: 8081 },
          name: 'frontend.signing.svc.cluster.local',
        },
      ],
    }),
    'a second backend': rule({
      backendRefs: [
        { name: 'a', port: 1 },
        { ...frontend, port: 8081 },
      ],
    }),
    'a rewrite': rule({ filters: [{ type: 'URLRewrite', urlRewrite: {} }] }),
    'a mirror to the frontend': rule({
      ...{ matches: [{}], backendRefs: [{ name: 'a', port: 1 }] },
      filters: [mirrorTo(frontend)],
    }),
    'a mirror to others': rule({ filters: [mirrorTo({ name: 'tap', namespace: 'other' })] }),
    'a mirror at a backend': rule({
      backendRefs: [{ ...frontend, filters: [mirrorTo({ name: 'tap' })] }],
    }),
    'a route of another namespace': rule(
      { matches: undefined, backendRefs: [{ ...frontend, namespace: 'signing' }] },
      'spec.rules.0',
      'other',
    ),
    'a route for calls inside the mesh': add(
      'HTTPRoute',
      { parentRefs: [{ group: '', kind: 'Service', name: 'frontend' }], rules: [] },
      'spec.parentRefs.0',
    ),
    ...Object.fromEntries(
      ['GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'].map((kind) => [
        kind,
        add(kind, { rules: [{ backendRefs: [frontend] }] }, 'spec.rules.0'),
      ]),
    ),
  },
  'public-listener': {
    "the signer's port": listener({ port: 8081 }),
    TCP: listener({ protocol: 'TCP' }),
    'TLS that is passed through': listener({ protocol: 'HTTPS', tls: { mode: 'Passthrough' } }),
    'the same in a ListenerSet': listener({ protocol: 'TLS' }, 'ListenerSet'),
    'the key as a certificate': listener({
      protocol: 'HTTPS',
      tls: { certificateRefs: [{ name: 'hmac-key' }] },
    }),
  },
  'reference-grant': {
    'every Service': grant({ group: '', kind: 'Service' }),
    'the Service of the frontend': grant({ group: '', kind: 'Service', name: 'frontend' }),
    'every Secret': grant({ group: '', kind: 'Secret' }),
    'the Secret of the key': grant({ group: '', kind: 'Secret', name: 'hmac-key' }),
  },
  'public-ingress': {
    'a default backend': ingress({ defaultBackend: toFrontend(8080) }),
    'a prefix': path({ pathType: 'Prefix' }),
    'the path /': path({ pathType: 'Exact', path: '/' }),
    'an expression': path({ pathType: 'ImplementationSpecific', path: '/process.*' }),
    "the signer's port": path({ backend: toFrontend(8081) }),
  },
}

function add(kind: string, spec: object, shownAt: string, namespace = 'signing'): Change {
  const metadata = { name: 'x', namespace }
  return ['+', '', { apiVersion: 'gateway.networking.k8s.io/v1', kind, metadata, spec }, shownAt]
}

function ingress(spec: object): Change {
  const metadata = { name: 'x', namespace: 'signing' }
  return ['+', '', { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec }, 'spec']
}
