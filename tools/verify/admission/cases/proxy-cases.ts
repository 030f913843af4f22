// Attack 27: a user with edit rights in the namespace leads traffic around the proxy, so that others reach the frontend in
// plain text, or takes the Pod out of the policies.
import { container as application, keySecret } from '../../../kube/names.ts'
import type { ResourceChange } from '../change-resource.ts'
import { confined } from '../pods.ts'
import { workloadKinds } from '../workloads.ts'
import { allowedAnnotations, refusedAnnotations, refusedConfigs } from './annotations.ts'
import type { AdmissionCase, Attempt } from './case.ts'
import { injectedContainer, injectedProxy } from './injected-proxy.ts'
import { refusalsBy } from './refusals.ts'

const { refused, made, own } = refusalsBy('no-way-around-proxy')
const { refused: refusedBootstrap } = refusalsBy('proxy-bootstrap-as-released')

const frontend = `spec.containers.${application}`
const pathOf = (key: string) => key.replaceAll('.', '~1')
export const annotation = (key: string, value: unknown): ResourceChange => [
  `metadata.annotations.${pathOf(key)}`,
  value,
]
const label = (key: string, value: unknown): ResourceChange => [
  `metadata.labels.${pathOf(key)}`,
  value,
]
const config = (value: string) => annotation('proxy.istio.io/config', value)
const update = (metadata: Extract<Attempt, { does: 'change the Pod' }>['metadata']): Attempt => ({
  does: 'change the Pod',
  metadata,
})
const keyVolume = { name: 'hmac-key', secret: { secretName: keySecret } }
const tokenVolume = {
  name: 'token',
  projected: { sources: [{ serviceAccountToken: { audience: 'signer', path: 'token' } }] },
}
const tokenBesideOthers = {
  name: 'token',
  projected: {
    sources: [...tokenVolume.projected.sources, { configMap: { name: 'x', optional: true } }],
  },
}
const container = (name: string, more: object = {}) => ({
  securityContext: { ...confined.securityContext, runAsUser: 10005 },
  name,
  image: 'thief',
  ...more,
})

const aroundProxy = 'can lead traffic around the proxy'
const outOfProxy = 'takes the Pod out of its proxy'
const onlyIstio = 'only Istio may set the annotations'
const protectedLabel = 'secure-signing.dev/protected'
const needsLabel = 'must have the label secure-signing.dev/protected=true'
const keepsLabel = 'the label secure-signing.dev/protected of this Pod must not change'
const aliases = 'hostAliases must not contain'
const hostname = 'the hostname of the Pod must be signing-pod'
const proxyUser = 'no container may have the user or group of the proxy'
const injected = 'only Istio may add the containers'
const proxyRuns = 'the container istio-proxy must run `proxy sidecar`'
const socket = 'may mount the volume signer-socket'
const bootstrap = 'the ConfigMap envoy-admin-allowlist must equal'
const excluded = annotation('traffic.sidecar.istio.io/excludeInboundPorts', '8080')
const asUser = (runAsUser: number, runAsGroup = 10005) => ({
  securityContext: { ...confined.securityContext, runAsUser, runAsGroup },
})
/** Fields of the injected proxy that a template must not have. */
const probe = { httpGet: { port: 1 } }
const autoFields: readonly (readonly [string, unknown])[] = [
  ['command', ['/x']],
  ['args', ['x']],
  ['envFrom', [{ configMapRef: { name: 'x' } }]],
  ['lifecycle', { preStop: { exec: { command: ['/x'] } } }],
  ['securityContext', { runAsUser: 0 }],
  ['volumeMounts', [{ name: 'pairing', mountPath: '/x' }]],
  ['ports', [{ containerPort: 8080 }]],
  ['livenessProbe', probe],
  ['readinessProbe', probe],
  ['startupProbe', probe],
]
const template = (name: string, change: ResourceChange) =>
  refused(name, aroundProxy, { does: 'make', kind: 'Deployment', changes: [change] })

export const proxyCases: readonly AdmissionCase[] = [
  // In a Deployment, because Istio's webhook refuses some of them in a Pod.
  ...Object.entries(refusedAnnotations).flatMap(([key, values]) =>
    values.map((value) => template(`${key}: ${JSON.stringify(value)}`, annotation(key, value))),
  ),
  ...Object.entries(refusedConfigs).map(([name, value]) => template(name, config(value))),
  ...workloadKinds.map((kind) =>
    refused(`${kind}: an excluded port`, aroundProxy, { does: 'make', kind, changes: [excluded] }),
  ),
  refused('an excluded port in the existing Deployment', aroundProxy, {
    ...{ does: 'change the Deployment', changes: [excluded] },
  }),
  made('an excluded port, whatever the label', aroundProxy, label('app', 'other'), excluded),
  refused('an excluded port of a Pod with the caller token beside another source', aroundProxy, {
    ...{ does: 'make', kind: 'Pod', pod: { volumes: [tokenBesideOthers] } },
    changes: [['metadata.annotations', { 'traffic.sidecar.istio.io/excludeInboundPorts': '8080' }]],
  }),
  refused('an excluded port of a Pod with the caller token alone', aroundProxy, {
    ...{ does: 'make', kind: 'Pod', pod: { volumes: [tokenVolume] } },
    changes: [['metadata.annotations', { 'traffic.sidecar.istio.io/excludeInboundPorts': '8080' }]],
  }),
  made('no injection, by a label', outOfProxy, label('sidecar.istio.io/inject', 'false')),
  made('ambient mode', outOfProxy, label('istio.io/dataplane-mode', 'ambient')),
  made('another tunnel', outOfProxy, label('networking.istio.io/tunnel', 'none')),
  made('plain text towards the Pod', outOfProxy, label('security.istio.io/tlsMode', 'disabled')),
  ...workloadKinds.flatMap((kind) => [
    refused(`${kind}: no label`, needsLabel, {
      ...{ does: 'make', kind, changes: [label(protectedLabel, undefined)] },
    }),
    refused(`${kind}: no label, with the caller token alone`, needsLabel, {
      ...{ does: 'make', kind, pod: { volumes: [tokenVolume] } },
      changes: [['metadata.labels', { app: 'other' }]],
    }),
  ]),
  made('a label that no policy selects', needsLabel, label(protectedLabel, 'false')),
  refused('the label taken off the existing Deployment', needsLabel, {
    ...{ does: 'change the Deployment', changes: [label(protectedLabel, undefined)] },
  }),
  ...(['sidecar.istio.io/status', 'proxy.istio.io/overrides'] as const).map((key) =>
    refused(`a template that claims to be injected: ${key}`, onlyIstio, {
      ...{ does: 'make', kind: 'Deployment', changes: [annotation(key, '{}')] },
    }),
  ),
  refused(
    'the label of the running Pod removed',
    keepsLabel,
    update({ labels: { [protectedLabel]: null } }),
  ),
  refused(
    'the label of the running Pod changed',
    keepsLabel,
    update({ labels: { [protectedLabel]: 'x' } }),
  ),
  refused('the running Pod in ambient mode', outOfProxy, {
    ...update({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
  }),
  refused('an annotation of the running Pod', aroundProxy, {
    ...update({ annotations: { 'traffic.sidecar.istio.io/excludeInboundPorts': '8080' } }),
  }),
  refused("the running Pod's proxy with another control plane", aroundProxy, {
    ...update({
      annotations: { 'proxy.istio.io/config': 'discoveryAddress: thief.example:15012' },
    }),
  }),
  refused("Istio's mark of the running Pod removed", onlyIstio, {
    ...update({ annotations: { 'sidecar.istio.io/status': null } }),
  }),
  refused("a Deployment on the node's network", 'with hostNetwork, the Pod has no proxy', {
    ...{ does: 'make', kind: 'Deployment', changes: [['spec.hostNetwork', true]] },
  }),
  ...['localhost', 'signing-pod', 'signer', 'istiod.istio-system.svc'].map((name) =>
    made(`another address of ${name}`, aliases, [
      'spec.hostAliases',
      [{ ip: '192.0.2.1', hostnames: ['x', name] }],
    ]),
  ),
  made('another hostname', hostname, ['spec.hostname', 'thief']),
  made('an overridden hostname', hostname, ['spec.hostnameOverride', 'thief']),
  made("the frontend as the proxy's user", proxyUser, [
    `${frontend}.securityContext.runAsUser`,
    1337,
  ]),
  made(
    "the frontend as the user of Linkerd's proxy",
    proxyUser,
    ['spec.initContainers', [container('linkerd-proxy', asUser(2102))]],
    [`${frontend}.securityContext.runAsUser`, 2102],
  ),
  made(
    'the frontend in the group of the proxy itself',
    proxyUser,
    [
      'spec.initContainers',
      [container('istio-proxy', { args: ['proxy', 'sidecar'], ...asUser(10005, 10006) })],
    ],
    [`${frontend}.securityContext.runAsGroup`, 10006],
  ),
  made(
    'every container in the group of the proxy',
    proxyUser,
    ['spec.securityContext.runAsGroup', 1337],
    [`${frontend}.securityContext.runAsGroup`, undefined],
  ),
  made("the frontend in the proxy's group", proxyUser, [
    `${frontend}.securityContext.runAsGroup`,
    1337,
  ]),
  made(
    'every container as the user of the proxy',
    proxyUser,
    ['spec.securityContext.runAsUser', 1337],
    [`${frontend}.securityContext.runAsUser`, undefined],
  ),
  made(
    "the frontend as the proxy's own user",
    proxyUser,
    [
      'spec.initContainers',
      [
        container('istio-proxy', {
          args: ['proxy', 'sidecar'],
          securityContext: { ...confined.securityContext, runAsUser: 1000659999 },
        }),
      ],
    ],
    [`${frontend}.securityContext.runAsUser`, 1000659999],
  ),
  refused('a Deployment with its own proxy', injected, {
    ...{ does: 'make', kind: 'Deployment' },
    changes: [['spec.containers.+', container('istio-proxy')]],
  }),
  ...[
    'istio-validation',
    'istio-init',
    'linkerd-proxy',
    'linkerd-init',
    'linkerd-network-validator',
  ].map((name) =>
    refused(`a Deployment with its own ${name}`, injected, {
      ...{ does: 'make', kind: 'Deployment' },
      changes: [['spec.initContainers', [container(name)]]],
    }),
  ),
  ...autoFields.map(([field, value]) =>
    refused(`a Deployment with ${field} for the injected proxy`, injected, {
      ...{ does: 'make', kind: 'Deployment' },
      changes: [['spec.containers.+', { name: 'istio-proxy', image: 'auto', [field]: value }]],
    }),
  ),
  refused('a Deployment with another image for the injected proxy', injected, {
    ...{ does: 'make', kind: 'Deployment' },
    changes: [['spec.containers.+', { name: 'istio-proxy', image: 'thief' }]],
  }),
  refused('a Deployment with variables for the injected proxy', injected, {
    ...{ does: 'make', kind: 'Deployment' },
    changes: [
      [
        'spec.containers.+',
        container('istio-proxy', { image: 'auto', env: [{ name: 'DISABLE_ENVOY', value: '1' }] }),
      ],
    ],
  }),
  made('a container that makes Istio skip the Pod', injected, [
    'spec.initContainers',
    [container('istio-init')],
  ]),
  made('a proxy with another command', proxyRuns, [
    'spec.initContainers',
    [container('istio-proxy', { restartPolicy: 'Always', command: ['/thief'] })],
  ]),
  made('a proxy that is a router', proxyRuns, [
    'spec.initContainers',
    [container('istio-proxy', { restartPolicy: 'Always', args: ['proxy', 'router'] })],
  ]),
  made('a proxy with another argument first', proxyRuns, [
    'spec.initContainers',
    [container('istio-proxy', { restartPolicy: 'Always', args: ['x', 'proxy', 'sidecar'] })],
  ]),
  made('a proxy with another bootstrap', proxyRuns, [
    'spec.initContainers',
    [
      container('istio-proxy', {
        ...{ restartPolicy: 'Always', args: ['proxy', 'sidecar'] },
        env: [
          { name: 'A', value: '1' },
          { name: 'ISTIO_BOOTSTRAP', value: '/x' },
        ],
      }),
    ],
  ]),
  made('a proxy without redirection', proxyRuns, [
    'spec.initContainers',
    [
      container('istio-proxy', {
        ...{ restartPolicy: 'Always', args: ['proxy', 'sidecar'] },
        env: [{ name: 'DISABLE_ENVOY', value: 'true' }],
      }),
    ],
  ]),
  made('the frontend at the socket', socket, [
    `${frontend}.volumeMounts.+`,
    { name: 'signer-socket', mountPath: '/run/signer' },
  ]),
  made('a relay at the socket', socket, [
    'spec.containers.+',
    container('relay', { volumeMounts: [{ name: 'signer-socket', mountPath: '/s' }] }),
  ]),
  made('a socket that another Pod can mount', socket, [
    'spec.volumes.signer-socket',
    { name: 'signer-socket', persistentVolumeClaim: { claimName: 'thief' } },
  ]),
  own('a Pod with the key and its own relay', socket, {
    containers: [
      container('relay', { volumeMounts: [{ name: 'signer-socket', mountPath: '/s' }] }),
    ],
    volumes: [keyVolume, { name: 'signer-socket', emptyDir: { medium: 'Memory' } }],
  }),
  refusedBootstrap('another listener in the bootstrap of the proxy', bootstrap, {
    ...{ does: 'write a ConfigMap', name: 'envoy-admin-allowlist' },
    data: { 'custom_bootstrap.json': '{"static_resources": {"listeners": []}}' },
  }),
  refusedBootstrap('binary data beside the bootstrap', bootstrap, {
    ...{ does: 'change a ConfigMap', name: 'envoy-admin-allowlist' },
    changes: [['binaryData', { more: 'eA==' }]],
  }),
  refusedBootstrap('a second file beside the bootstrap', bootstrap, {
    ...{ does: 'write a ConfigMap', name: 'envoy-admin-allowlist' },
    data: { more: '{}' },
  }),
]

const allowed = (name: string, attempt: Attempt): AdmissionCase => ({
  ...{ name, attempt, refusedBy: 'nobody' },
})
const makes = (...changes: ResourceChange[]): Attempt => ({ does: 'make', changes })

/** What Istio, platforms and users add to a Pod, and what keeps its proxy. */
export const allowedProxyCases: readonly AdmissionCase[] = [
  allowed(
    'the annotations and labels of an injected Pod',
    makes(
      annotation('sidecar.istio.io/status', '{"initContainers":["istio-proxy"]}'),
      annotation('istio.io/rev', 'canary'),
      annotation('traffic.sidecar.istio.io/excludeInboundPorts', '15020'),
      annotation('prometheus.io/port', '15020'),
      annotation('kubectl.kubernetes.io/restartedAt', '2026-11-29T00:00:00Z'),
      label('security.istio.io/tlsMode', 'istio'),
      label('service.istio.io/canonical-name', 'secure-signing'),
      label('topology.istio.io/network', 'n1'),
    ),
  ),
  allowed(
    'every annotation that is allowed',
    makes(...Object.entries(allowedAnnotations).map(([key, value]) => annotation(key, value))),
  ),
  allowed('every label that is allowed', {
    ...makes(
      label('istio.io/dataplane-mode', 'none'),
      label('networking.istio.io/tunnel', 'http'),
      label('security.istio.io/tlsMode', 'istio'),
      label('sidecar.istio.io/inject', 'true'),
    ),
  }),
  allowed('the Pod after injection', makes(...injectedProxy)),
  allowed('the Pod after injection, with an ordinary container', makes(...injectedContainer)),
  allowed(
    "OpenShift's annotations, network and group",
    makes(
      annotation('openshift.io/scc', 'nonroot-v2'),
      annotation('k8s.v1.cni.cncf.io/networks', 'default/istio-cni'),
      ['spec.securityContext.fsGroup', 1000650000],
      ['spec.securityContext.seLinuxOptions', { level: 's0:c25,c20' }],
    ),
  ),
  allowed(
    'resources, statistics and log level of the proxy',
    makes(
      annotation('sidecar.istio.io/proxyCPU', '500m'),
      annotation('sidecar.istio.io/proxyMemoryLimit', '1Gi'),
      annotation('sidecar.istio.io/statsInclusionRegexps', '.*ssl\\..*'),
      annotation('sidecar.istio.io/logLevel', 'debug'),
      annotation('sidecar.istio.io/componentLogLevel', 'rbac:debug,jwt:debug'),
      annotation('sidecar.istio.io/nativeSidecar', 'false'),
      label('sidecar.istio.io/inject', 'true'),
      label('istio.io/dataplane-mode', 'none'),
    ),
  ),
  allowed('the Pod of version 0.1, without our traffic annotations', {
    ...makes(
      ...['include', 'exclude'].flatMap((verb) =>
        ['InboundPorts', 'OutboundPorts', 'OutboundIPRanges'].map((what) =>
          annotation(`traffic.sidecar.istio.io/${verb}${what}`, undefined),
        ),
      ),
      annotation('sidecar.istio.io/interceptionMode', undefined),
    ),
  }),
  ...[
    'concurrency: 2\n',
    'holdApplicationUntilProxyStarts: true\nterminationDrainDuration: 20s\n',
    'proxyMetadata:\n  ISTIO_META_DNS_CAPTURE: "true"\nproxyStatsMatcher:\n  inclusionRegexps:\n  - ".*cx.*"\n',
    '{"interceptionMode": "REDIRECT", "concurrency":2}',
  ].map((value) => allowed(`the proxy's settings ${JSON.stringify(value)}`, makes(config(value)))),
  allowed('a Deployment with resources for the injected proxy', {
    ...{ does: 'make', kind: 'Deployment' },
    changes: [
      [
        'spec.containers.+',
        { name: 'istio-proxy', image: 'auto', resources: { requests: { cpu: '500m' } } },
      ],
    ],
  }),
  allowed(
    'the Pod after the injection of such a proxy',
    makes(
      annotation(
        'proxy.istio.io/overrides',
        '{"containers":[{"name":"istio-proxy","resources":{"requests":{"cpu":"500m"}},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"Always"}]}',
      ),
    ),
  ),
  allowed('a name for another host', {
    ...makes(['spec.hostAliases', [{ ip: '192.0.2.1', hostnames: ['vault.example'] }]]),
  }),
  allowed('a container of a platform', makes(['spec.containers.+', container('agent')])),
  allowed('an excluded port of a Pod that holds nothing', {
    ...{ does: 'make', pod: {} },
    changes: [['metadata.annotations', { 'traffic.sidecar.istio.io/excludeInboundPorts': '1' }]],
  }),
  allowed('labels and annotations of the running Pod that select nothing', {
    ...update({
      labels: { 'pod-template-hash': null, team: 'x' },
      annotations: { 'controller.kubernetes.io/pod-deletion-cost': '1' },
    }),
  }),
  allowed('the label of a running Pod that holds nothing', {
    ...{ does: 'change the Pod', of: 'a Pod without the key', metadata: { labels: { app: 'x' } } },
  }),
  allowed('the released bootstrap of the proxy', {
    ...{ does: 'change a ConfigMap', name: 'envoy-admin-allowlist' },
  }),
  allowed('another ConfigMap', { does: 'write a ConfigMap', name: 'other', data: { x: '1' } }),
]
