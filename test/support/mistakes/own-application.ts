// Another application beside the signer, with everything that an application may have of its own. It is right, so no rule finds
// anything. And what such an application may get wrong.
import type { Application } from '../../../tools/analyze/model/application.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import type { Change } from './mistakes.ts'

const namespace = 'signing'
const labels = { app: 'orders' }
const template = 'spec.template.spec'
const pod = 'Deployment/orders'

export const ownApplication: Application = {
  container: 'web',
  serviceAccount: 'orders',
  service: 'orders',
  port: 8000,
  routes: [
    { method: 'POST', path: '/orders' },
    { method: 'GET', path: '/orders/*' },
  ],
  isOurs: false,
}

const make = (apiVersion: string, kind: string, name: string, rest: object): Resource => ({
  apiVersion,
  kind,
  metadata: { name, namespace },
  ...rest,
})
const security = (kind: string, name: string, spec: unknown) =>
  make('security.istio.io/v1', kind, name, { spec })
const networking = (kind: string, name: string, spec: unknown) =>
  make('networking.istio.io/v1', kind, name, { spec })
const confined = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
const image = 'registry.example/orders'
const mount = (name: string, mountPath = '/v') => ({ name, mountPath, readOnly: true })
const container = (name: string, rest: object = {}) => ({
  ...{ name, image, securityContext: confined },
  ...rest,
})
const toOrders = { destination: { host: 'orders', port: { number: 80 } } }

/** Resources of the application. They have no label of this project. */
const own: readonly Resource[] = [
  make('v1', 'ServiceAccount', 'orders', {
    metadata: {
      ...{ name: 'orders', namespace },
      annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/orders' },
    },
  }),
  make('v1', 'Secret', 'database', { stringData: {} }),
  make('v1', 'Service', 'orders', {
    spec: { selector: labels, ports: [{ port: 80, targetPort: 'http' }] },
  }),
  make('v1', 'Service', 'orders-admin', {
    spec: { selector: labels, ports: [{ port: 8081, targetPort: 9090 }] },
  }),
  make('v1', 'Service', 'by-endpoints', { spec: { ports: [{ port: 8081 }] } }),
  networking('VirtualService', 'orders', {
    hosts: ['orders.example'],
    gateways: ['infra/shared'],
    http: [
      {
        match: [{ uri: { exact: '/orders' } }],
        route: [toOrders],
        mirror: { host: 'audit.other' },
      },
      { match: [{ uri: { prefix: '/orders/' }, method: { exact: 'GET' } }], route: [toOrders] },
      { match: [{ uri: { prefix: '/api' } }], rewrite: { uri: '/orders' }, route: [toOrders] },
    ],
  }),
  networking('Gateway', 'raw', {
    servers: [{ port: { number: 5432, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] }],
  }),
  make('networking.k8s.io/v1', 'Ingress', 'orders', {
    spec: {
      rules: [
        {
          http: {
            paths: [
              {
                ...{ path: '/orders/', pathType: 'Prefix' },
                backend: { service: { name: 'orders', port: { number: 80 } } },
              },
            ],
          },
        },
      ],
    },
  }),
  make('gateway.networking.k8s.io/v1', 'HTTPRoute', 'orders', {
    spec: {
      rules: [
        {
          matches: [
            { path: { type: 'Exact', value: '/orders' }, method: 'POST' },
            { path: { type: 'PathPrefix', value: '/orders' }, method: 'GET' },
          ],
          backendRefs: [{ name: 'orders', port: 80 }],
        },
      ],
    },
  }),
  security('AuthorizationPolicy', 'scrape-orders', {
    selector: { matchLabels: labels },
    rules: [
      {
        from: [{ source: { namespaces: ['observability'] } }],
        to: [{ operation: { ports: ['9090'], notPaths: ['/debug'] } }],
      },
      { to: [{ operation: { notPorts: ['8081'] } }] },
      { when: [{ key: 'destination.port', values: ['8000'] }] },
    ],
  }),
  security('AuthorizationPolicy', 'users', {
    action: 'DENY',
    selector: { matchLabels: labels },
    rules: [{ to: [{ operation: { ports: ['8000'], paths: ['/internal'] } }] }],
  }),
  // Resources for others in the namespace.
  security('PeerAuthentication', 'default', { mtls: { mode: 'PERMISSIVE' } }),
  security('PeerAuthentication', 'legacy', {
    selector: { matchLabels: { app: 'legacy' } },
    mtls: { mode: 'DISABLE' },
  }),
  networking('Sidecar', 'default', { egress: [{ hosts: ['*/*'] }] }),
  networking('EnvoyFilter', 'legacy', {
    workloadSelector: { labels: { app: 'legacy' } },
    configPatches: [{ applyTo: 'HTTP_FILTER', patch: { operation: 'REMOVE' } }],
  }),
  make('external-secrets.io/v1', 'SecretStore', 'store', {
    spec: { provider: { vault: { auth: { tokenSecretRef: { name: 'token' } } } } },
  }),
  make('external-secrets.io/v1', 'ExternalSecret', 'database', {
    spec: { secretStoreRef: { name: 'store' } },
  }),
]

/** Puts the application in the place of our frontend: into the Deployment, the policies and the Sidecar of `ours`. */
export function withOwnApplication(ours: readonly Resource[]): Resource[] {
  const replaced: readonly string[] = ['ServiceAccount', 'Service', 'VirtualService']
  const kept = ours.filter(({ kind, metadata }) => {
    const isFrontend = ['frontend', 'secure-signing'].includes(metadata.name)
    return !(replaced.includes(kind) && isFrontend)
  })
  const text = JSON.stringify(kept)
    .replaceAll('/sa/secure-signing', '/sa/orders')
    .replaceAll('serviceaccount:signing:secure-signing', 'serviceaccount:signing:orders')
    .replaceAll('"app":"secure-signing"', '"app":"orders"')
  const resources: Resource[] = JSON.parse(text)
  for (const each of resources) {
    const spec = Object(each.spec)
    if (each.kind === 'Deployment') Object.assign(each, describeDeployment(each))
    if (each.kind === 'Sidecar') {
      Object.assign(spec.ingress[0].port, { number: 8000 })
      spec.ingress[0].defaultEndpoint = '127.0.0.1:8000'
      spec.ingress.push({ port: { number: 9090 }, defaultEndpoint: '0.0.0.0:9090' })
      spec.egress[1].hosts = ['billing/*']
    }
    for (const operation of spec.rules?.flatMap?.(({ to = [] }) => to) ?? []) {
      if (operation.operation?.ports?.[0] !== '8080') continue
      operation.operation = { ports: ['8000'], methods: ['GET'], paths: ['/orders/*'] }
    }
    if (each.metadata.name !== 'signer-allow-gateway') continue
    const post = { ports: ['8000'], methods: ['POST'], paths: ['/orders'] }
    spec.rules[0].to.unshift({ operation: post })
  }
  return [...resources, ...own]
}

function describeDeployment(deployment: Resource): Resource {
  const spec = Object(deployment.spec)
  const { securityContext: _, ...given } = spec.template.spec
  const signer = given.containers.find(({ name }: { name: string }) => name === 'signer')
  const web = container('web', {
    env: [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'database', key: 'password' } } }],
    envFrom: [{ secretRef: { name: 'database' } }],
    ports: [{ name: 'http', containerPort: 8000 }],
    volumeMounts: [
      mount('caller-token', '/run/identity'),
      mount('pairing', '/run/pairing'),
      mount('certificates'),
      mount('cloud-token'),
    ],
  })
  const seccompProfile = { type: 'Localhost', localhostProfile: 'own.json' }
  const log = container('log', {
    image: `${image}-log:latest`,
    ports: [{ containerPort: 9090 }],
    volumeMounts: [mount('cloud-token')],
    securityContext: {
      ...{ ...confined, runAsUser: 1000, runAsGroup: 0, seccompProfile },
      capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
    },
  })
  const token = { audience: 'sts.amazonaws.com', expirationSeconds: 86_400, path: 'token' }
  const podSpec = {
    ...given,
    serviceAccountName: 'orders',
    securityContext: {
      ...{ runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000, supplementalGroups: [2000] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    initContainers: [container('migrate')],
    containers: [web, log, signer],
    volumes: [
      ...given.volumes,
      { name: 'certificates', secret: { secretName: 'certificates' } },
      { name: 'cloud-token', projected: { sources: [{ serviceAccountToken: token }] } },
    ],
  }
  const metadata = {
    ...spec.template.metadata,
    annotations: {
      ...spec.template.metadata.annotations,
      'kubectl.kubernetes.io/default-container': 'web',
    },
    labels: { ...spec.template.metadata.labels, ...labels },
  }
  return {
    ...deployment,
    metadata: { ...deployment.metadata, name: 'orders', labels: {} },
    spec: { ...spec, template: { metadata, spec: podSpec } },
  }
}

const extra = (name: string, volume: string) => container(name, { volumeMounts: [mount(volume)] })
const opening = (operation: object) =>
  security('AuthorizationPolicy', 'theirs', {
    selector: { matchLabels: labels },
    rules: [{ to: [{ operation }] }],
  })
const routing = (http: object) =>
  networking('VirtualService', 'theirs', { hosts: ['a.example'], http: [http] })

export const ownApplicationMistakes: readonly [rule: string, mistake: string, change: Change][] = [
  ...(['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap(
    (list): [string, string, Change][] =>
      (
        [
          ['key-mount', 'hmac-key'],
          ['socket-mount', 'signer-socket'],
          ['pairing-mount', 'pairing'],
          ['caller-token', 'caller-token'],
        ] as const
      ).map(([rule, volume]) => [
        rule,
        `one of its ${list} mounts ${volume}`,
        list === 'ephemeralContainers'
          ? [pod, `${template}.${list}`, [extra('debug', volume)]]
          : [pod, `${template}.${list}.+`, extra('other', volume)],
      ]),
  ),
  [
    'key-environment',
    'the key in its environment',
    [pod, `${template}.containers.0.envFrom.+`, { secretRef: { name: 'hmac-key' } }],
  ],
  [
    'key-mount',
    'a projected volume with the key',
    [
      pod,
      `${template}.volumes.5`,
      { name: 'certificates', projected: { sources: [{ secret: { name: 'hmac-key' } }] } },
    ],
  ],
  ['key-in-manifest', 'the key in its manifests', ['+', '', make('v1', 'Secret', 'hmac-key', {})]],
  [
    'caller-token',
    'a second token for the signer, in its sidecar too',
    [
      pod,
      `${template}.volumes.6.projected.sources.0.serviceAccountToken.audience`,
      'signer',
      `${template}.containers.1`,
    ],
  ],
  [
    'own-account',
    'a Job with its ServiceAccount',
    [
      '+',
      '',
      make('batch/v1', 'Job', 'report', {
        spec: {
          template: { spec: { serviceAccountName: 'orders', containers: [container('job')] } },
        },
      }),
    ],
  ],
  [
    'user-ids',
    "a container with the signer's user",
    [pod, `${template}.initContainers.0.securityContext.runAsUser`, 10_002],
  ],
  [
    'user-ids',
    "a container with the proxy's user",
    [pod, `${template}.containers.1.securityContext.runAsUser`, 1337],
  ],
  [
    'user-ids',
    'a container with root',
    [pod, `${template}.containers.1.securityContext.runAsUser`, 0],
  ],
  [
    'container-rights',
    'a capability to listen to others',
    [pod, `${template}.containers.0.securityContext.capabilities.add`, ['NET_RAW']],
  ],
  [
    'container-rights',
    'a signer that can write to its image',
    [pod, `${template}.containers.2.securityContext.readOnlyRootFilesystem`, undefined],
  ],
  [
    'host-and-processes',
    'no seccomp',
    [pod, `${template}.securityContext.seccompProfile`, undefined],
  ],
  ['host-and-processes', 'shared processes', [pod, `${template}.shareProcessNamespace`, true]],
  ['image-tag', 'a signer without a tag', [pod, `${template}.containers.2.image`, 'signer']],
  [
    'signer-port',
    "the signer's port",
    [pod, `${template}.containers.0.ports.+`, { containerPort: 8081 }],
  ],
  ['api-token', 'automount', [pod, `${template}.automountServiceAccountToken`, undefined]],
  [
    'others',
    'a Sidecar of its own that selects the Pods',
    ['+', '', networking('Sidecar', 'theirs', { workloadSelector: { labels } })],
  ],
  [
    'as-released',
    'a port that leads to the signer with its identity',
    ['Sidecar/signer', 'spec.ingress.2.defaultEndpoint', '127.0.0.1:8081'],
  ],
  [
    'as-released',
    'a second port for the socket',
    ['Sidecar/signer', 'spec.ingress.2.defaultEndpoint', 'unix:///run/signer/signer.sock'],
  ],
  [
    'as-released',
    'a port that leads to the admin port',
    ['Sidecar/signer', 'spec.ingress.2.defaultEndpoint', '127.0.0.1:15000'],
  ],
  [
    'as-released',
    'no port of its own',
    [
      'Sidecar/signer',
      'spec.ingress.0',
      {
        port: { number: 9091 },
      },
    ],
  ],
  [
    'signer-service',
    'a Service for the signer',
    ['Service/orders-admin', 'spec.ports.0.targetPort', 8081],
  ],
  ['signer-policies', 'a policy that opens every port', ['+', '', opening({ methods: ['GET'] })]],
  [
    'signer-policies',
    "a policy that opens the signer's port",
    ['+', '', opening({ ports: ['8081'], paths: ['/metrics'] })],
  ],
  [
    'signer-policies',
    'an ALLOW without conditions',
    ['+', '', security('AuthorizationPolicy', 'theirs', { rules: [{}] })],
  ],
  [
    'allow-only',
    'a DENY that also refuses our requests',
    ['AuthorizationPolicy/users', 'spec.rules.0.to.0.operation.ports', undefined],
  ],
  [
    'others',
    'plain text for its Pods',
    ['PeerAuthentication/legacy', 'spec.selector.matchLabels.app', 'orders'],
  ],
  [
    'others',
    'an EnvoyFilter for its Pods',
    ['EnvoyFilter/legacy', 'spec.workloadSelector.labels.app', 'orders'],
  ],
  [
    'public-route',
    'a route to the signer',
    [
      '+',
      '',
      routing({
        match: [{ uri: { exact: '/sign' } }],
        route: [{ destination: { host: 'signer.pod.internal', port: { number: 8081 } } }],
      }),
    ],
  ],
  [
    'public-route',
    'an undeclared path',
    ['+', '', routing({ match: [{ uri: { prefix: '/orders' } }], route: [toOrders] })],
  ],
  [
    'public-route',
    'an undeclared method',
    [
      '+',
      '',
      routing({
        match: [{ uri: { exact: '/orders' }, method: { exact: 'DELETE' } }],
        route: [toOrders],
      }),
    ],
  ],
  ['public-route', 'every path', ['+', '', routing({ route: [toOrders] })]],
  [
    'public-http-route',
    'every path of a prefix',
    ['HTTPRoute/orders', 'spec.rules.0.matches.1.path.value', '/'],
  ],
  [
    'public-http-route',
    'an undeclared method',
    ['HTTPRoute/orders', 'spec.rules.0.matches.0.method', 'DELETE'],
  ],
  ['public-ingress', 'every path', ['Ingress/orders', 'spec.rules.0.http.paths.0.path', '/']],
  [
    'as-released',
    'a path that signing.yaml does not have',
    ['AuthorizationPolicy/signer-allow-gateway', 'spec.rules.0.to.0.operation.paths.+', '/admin'],
  ],
  [
    'as-released',
    'another ServiceAccount at the signer',
    [
      'AuthorizationPolicy/signer-allow-caller',
      'spec.rules.0.from.0.source.principals.+',
      'mesh.example/ns/signing/sa/secure-signing',
    ],
  ],
  [
    'key-store',
    'a stored credential for the key',
    ['ExternalSecret/database', 'spec.target', { name: 'hmac-key' }],
  ],
]
