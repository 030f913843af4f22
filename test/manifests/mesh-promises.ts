// What the mesh is told: who may talk to whom, and that there is no way around.
import { z } from 'zod'
import type { Resource } from '../../deploy/resources.ts'
import { readPod } from './pod.ts'
import { isDefaultDeny, readPolicies, readSidecarPorts } from './policies.ts'
import type { ResourcePromise } from './promise.ts'

const sidecar = 'Sidecar/secure-signing'
const signPolicy = 'AuthorizationPolicy/allow-frontend-to-sign'
const peerSpec = z.object({
  selector: z.unknown().optional(),
  mtls: z.object({ mode: z.string() }).optional(),
  portLevelMtls: z.record(z.string(), z.object({ mode: z.string() })).default({}),
})
const serviceSpec = z.object({ ports: z.array(z.object({ port: z.number() })) })
/** What this Pod may ask its signer without a token. */
const openToPod = ['GET /readyz', 'GET /metrics']
const ofKind = (resources: readonly Resource[], wanted: string) =>
  resources.filter(({ kind }) => kind === wanted)

export const meshPromises: readonly ResourcePromise[] = [
  {
    title: 'mTLS is STRICT for the whole namespace, on every port',
    find: (resources) => {
      const specs = ofKind(resources, 'PeerAuthentication').map(({ spec }) => peerSpec.parse(spec))
      return [
        ...(specs.some(({ selector, mtls }) => selector === undefined && mtls?.mode === 'STRICT')
          ? []
          : ['the namespace is not STRICT']),
        ...specs
          .flatMap(({ mtls, portLevelMtls }) => [
            mtls ?? { mode: 'unset' },
            ...Object.values(portLevelMtls),
          ])
          .filter(({ mode }) => mode !== 'STRICT')
          .map(({ mode }) => `a hole: ${mode}`),
      ]
    },
    broken: {
      'its absence': ['PeerAuthentication/require-mtls', '', undefined],
      PERMISSIVE: ['PeerAuthentication/require-mtls', 'spec.mtls.mode', 'PERMISSIVE'],
      'a hole in a port': [
        'PeerAuthentication/require-mtls',
        'spec.portLevelMtls',
        { 8081: { mode: 'DISABLE' } },
      ],
      'one Pod only': [
        'PeerAuthentication/require-mtls',
        'spec.selector',
        { matchLabels: { a: 'b' } },
      ],
    },
  },
  {
    title: 'nothing is allowed in the namespace by default',
    find: (resources) =>
      readPolicies(resources).some(isDefaultDeny) ? [] : ['there is no default deny'],
    broken: {
      'its absence': ['AuthorizationPolicy/allow-nothing', '', undefined],
      'one empty rule, which allows everything': [
        'AuthorizationPolicy/allow-nothing',
        'spec.rules',
        [{}],
      ],
      'one Pod only': [
        'AuthorizationPolicy/allow-nothing',
        'spec.selector',
        { matchLabels: { app: 'other' } },
      ],
    },
  },
  {
    title: 'every port that the proxy listens on has its ALLOW, and no other port has one',
    find: (resources) => {
      const ports = readSidecarPorts(resources)
      const allowed = readPolicies(resources).flatMap(({ rules }) =>
        rules.flatMap((rule) => rule.ports),
      )
      return [
        ...ports.filter((port) => !allowed.includes(port)).map((port) => `${port} has no ALLOW`),
        ...allowed
          .filter((port) => !ports.includes(port))
          .map((port) => `nothing listens on ${port}`),
      ]
    },
    broken: {
      'a new port': [
        sidecar,
        'spec.ingress.+',
        {
          port: { number: 9090, name: 'http', protocol: 'HTTP' },
          defaultEndpoint: '127.0.0.1:9090',
        },
      ],
      'an ALLOW for nothing': [signPolicy, 'spec.rules.0.to.0.operation.ports', ['8081', '9999']],
    },
  },
  {
    title: 'every ALLOW names who, which port, which method and which path, each exactly',
    find: (resources) =>
      readPolicies(resources).flatMap(({ name, action, rules, selector }) => [
        ...(action === 'ALLOW' ? [] : [`${name} is ${action}`]),
        ...(rules.length > 0 && selector.app !== 'secure-signing'
          ? [`${name} is for any Pod`]
          : []),
        ...rules
          .flatMap((rule) =>
            Object.entries({ ...rule, audiences: ['-'], requestPrincipals: ['-'] }),
          )
          .filter(
            ([, values]) => values.length === 0 || values.some((value) => value.includes('*')),
          )
          .map(([what, values]) => `${name}: ${what} is ${values.join() || 'anything'}`),
      ]),
    broken: {
      'anybody who has an identity': [
        'AuthorizationPolicy/allow-ingress-to-frontend',
        'spec.rules.0.from.0.source.principals',
        ['*'],
      ],
      'no caller': ['AuthorizationPolicy/allow-probe-to-signer', 'spec.rules.0.from', undefined],
      'a path prefix': [signPolicy, 'spec.rules.0.to.0.operation.paths', ['/sign*']],
      'any method': [signPolicy, 'spec.rules.0.to.0.operation.methods', undefined],
      'any Pod': [signPolicy, 'spec.selector', undefined],
    },
  },
  {
    title:
      'only who holds the caller token may reach the signer, but for its readiness and its metrics',
    find: (resources) =>
      readPolicies(resources).flatMap(({ name, rules }) =>
        rules
          .filter(({ ports, methods, paths }) => {
            const isOpen = openToPod.includes(`${methods.join()} ${paths.join()}`)
            return ports.includes('8081') && !isOpen
          })
          .filter(
            (rule) => rule.requestPrincipals.length === 0 || rule.audiences.join() !== 'signer',
          )
          .map(() => `${name} asks for no token`),
      ),
    broken: {
      'a policy without token': [
        signPolicy,
        'spec.rules.0.from.0.source.requestPrincipals',
        undefined,
      ],
      'a policy without audience': [signPolicy, 'spec.rules.0.when', undefined],
      'token and identity as "or"': [
        signPolicy,
        'spec.rules.0.from',
        [{ source: { principals: ['a'] } }, { source: { requestPrincipals: ['b'] } }],
      ],
      'a probe that signs': [
        'AuthorizationPolicy/allow-probe-to-signer',
        'spec.rules.0.to.0.operation.paths',
        ['/readyz', '/sign'],
      ],
    },
  },
  {
    title: 'the signer is reached by its socket, through the proxy, and has no Service',
    find: (resources) => {
      const { annotations } = readPod(resources).metadata
      const text = JSON.stringify(resources)
      return [
        ...(text.includes('unix://@') ? ['an abstract socket: any container could take it'] : []),
        ...(text.includes('unix:///run/signer/signer.sock') ? [] : ['the Sidecar has no socket']),
        ...ofKind(resources, 'EnvoyFilter').map(() => 'an EnvoyFilter'),
        ...Object.keys(annotations)
          .filter((name) => name.startsWith('traffic.sidecar.istio.io/'))
          .map((name) => `${name} leads around the proxy`),
        ...(annotations['sidecar.istio.io/inject'] === 'false' ? ['no proxy at all'] : []),
        ...ofKind(resources, 'Service')
          .flatMap(({ spec }) => serviceSpec.parse(spec).ports)
          .filter(({ port }) => port !== 8080)
          .map(({ port }) => `a Service for port ${port}`),
      ]
    },
    broken: {
      'an abstract socket': [sidecar, 'spec.ingress.1.defaultEndpoint', 'unix://@signer'],
      'a signer on TCP': [sidecar, 'spec.ingress.1.defaultEndpoint', '127.0.0.1:8082'],
      'an EnvoyFilter': [
        '+',
        '',
        {
          apiVersion: 'networking.istio.io/v1alpha3',
          kind: 'EnvoyFilter',
          metadata: { name: 'x' },
        },
      ],
      'an excluded port': [
        'Deployment/secure-signing',
        'spec.template.metadata.annotations.traffic~1sidecar~1istio~1io/excludeInboundPorts',
        '8081',
      ],
      'a Service for the signer': ['Service/frontend', 'spec.ports.+', { name: 's', port: 8081 }],
    },
  },
]
