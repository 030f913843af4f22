// What in the manifests of an application does not fit the signer beside it. Every error names the manifest and the field.
import { expect, test } from 'vitest'
import { onePod } from '../../../tools/kube/layouts.ts'
import { attachSignerTo } from '../../support/application/attach.ts'
import { account, makeDeployment, plain, service } from '../../support/application/manifests.ts'

const ports = [{ name: 'http', containerPort: 8000 }]
const container = { name: 'web', image: 'orders:1', ports }
const unmeshed = { ...onePod, isMeshed: false }
const other = (metadata: object, spec: object = {}, kind = 'ConfigMap') => ({
  ...{ apiVersion: kind === 'ConfigMap' ? 'v1' : 'apps/v1', kind, metadata, spec },
})

const withPod = (spec: object, metadata: object = {}) => [
  makeDeployment({ spec: { ...spec }, metadata: { ...metadata } }),
  account,
  service,
]
const annotated = (name: string, value: string) => withPod({}, { annotations: { [name]: value } })

test('an ordinary application fits', async () => {
  const found = await attachSignerTo(plain)
  expect(found).toMatchObject({
    notes: [],
    hasOwnRoutes: false,
    sidecarOperations: [],
    replaced: [],
  })
  expect(found.values).toMatchObject({ service: 'orders', servicePort: 80, port: 8000 })
  expect(found.values).not.toHaveProperty('proxyConfig')
})

const volumes = (name: string) => ({ volumes: [{ name, emptyDir: {} }] })
const mounted = (mountPath: string) => ({
  ...volumes('mine'),
  containers: [{ ...container, volumeMounts: [{ name: 'mine', mountPath }] }],
})
const template = 'Deployment/orders: spec.template'

test.each<[string, object[], string, Record<string, unknown>?]>([
  [
    'no such container',
    plain,
    `${template}.spec.containers: there is no container api, which apiToken names`,
    { apiToken: ['api'] },
  ],
  [
    'another container',
    withPod({ containers: [{ name: 'app', image: 'a' }] }),
    'signing.yaml:5:12 to one of app',
    { service: 'orders' },
  ],
  [
    'another container',
    withPod({ containers: [{ name: 'app', image: 'a' }] }),
    `${template}.spec.containers: there is no container web. Set \`container\` at `,
    { service: 'orders' },
  ],
  [
    'a container signer',
    withPod({ initContainers: [{ name: 'signer', image: 'a' }] }),
    `${template}.spec.containers.signer: the signer or a proxy has this name`,
  ],
  [
    'another account than declared',
    plain,
    `${template}.spec.serviceAccountName: it is orders, but \`serviceAccount\` is mine`,
    { serviceAccount: 'mine' },
  ],
  [
    'the account default',
    withPod({ serviceAccountName: 'default' }),
    `${template}.spec.serviceAccountName: the Pod has no ServiceAccount of its own`,
    { serviceAccount: 'orders' },
  ],
  [
    'a volume hmac-key',
    withPod(volumes('hmac-key')),
    `${template}.spec.volumes.hmac-key: the signer has a volume of this name`,
  ],
  ['a volume pairing', withPod(volumes('pairing')), `${template}.spec.volumes.pairing`],
  [
    'a mount at /run/identity',
    withPod(mounted('/run/identity')),
    `${template}.spec.containers.web.volumeMounts: /run/identity is where`,
  ],
  [
    'a mount in /run/freeze',
    withPod(mounted('/run/freeze/x/')),
    `${template}.spec.containers.web.volumeMounts: /run/freeze/x/`,
  ],
  [
    'a mount in /run/pairing',
    withPod(mounted('/run/pairing/x/')),
    `${template}.spec.containers.web.volumeMounts: /run/pairing/x/`,
  ],
  [
    "the signer's user",
    withPod({ securityContext: { runAsUser: 10_002 } }),
    `${template}.spec.securityContext.runAsUser: 10002 is the id of the signer`,
  ],
  [
    "the signer's group",
    withPod({ securityContext: { supplementalGroups: [5, 10_002] } }),
    `${template}.spec.securityContext.supplementalGroups`,
  ],
  [
    "the proxy's user",
    withPod({ containers: [{ ...container, securityContext: { runAsUser: 1337 } }] }),
    `${template}.spec.containers.web.securityContext.runAsUser: 1337 is the id of Istio's proxy`,
    { service: 'orders' },
  ],
  [
    'the host network',
    withPod({ hostNetwork: true }),
    `${template}.spec.hostNetwork: it opens the Pod`,
  ],
  [
    'shared processes',
    withPod({ shareProcessNamespace: true }),
    `${template}.spec.shareProcessNamespace`,
  ],
  [
    'port 8081',
    withPod({ containers: [{ ...container, ports: [{ containerPort: 8081 }] }] }),
    `${template}.spec.containers.web.ports: port 8081 belongs to the route to the signer`,
    { service: 'orders' },
  ],
  [
    'port 15090',
    withPod({ containers: [{ ...container, ports: [{ containerPort: 15_090 }] }] }),
    `${template}.spec.containers.web.ports: port 15090 belongs to Istio's proxy`,
    { service: 'orders' },
  ],
  ['a host name', withPod({ hostname: 'web' }), `${template}.spec.hostname`],
  [
    'volumes of the proxy',
    annotated('sidecar.istio.io/userVolumeMount', '{}'),
    `${template}.metadata.annotations.sidecar.istio.io/userVolumeMount`,
  ],
  [
    'traffic around the proxy',
    annotated('traffic.sidecar.istio.io/excludeOutboundPorts', '5432'),
    'Name the hosts that the application calls in `egress`',
  ],
  [
    'no sidecar',
    withPod({}, { labels: { app: 'orders', 'sidecar.istio.io/inject': 'false' } }),
    'Remove it, or use OVERLAY=no-mesh',
  ],
  [
    'a bootstrap of its own',
    annotated('proxy.istio.io/config', 'customConfigFile: /x'),
    `${template}.metadata.annotations.proxy.istio.io/config: customConfigFile can lead`,
  ],
  [
    'an unknown annotation of Istio',
    annotated('sidecar.istio.io/proxyImage', 'mine'),
    `${template}.metadata.annotations.sidecar.istio.io/proxyImage: it can lead traffic around the proxy`,
  ],
  [
    'a label that leads to ztunnel',
    withPod({}, { labels: { app: 'orders', 'istio.io/dataplane-mode': 'ambient' } }),
    `${template}.metadata.labels.istio.io/dataplane-mode: it can lead traffic around the proxy`,
  ],
  ['no ProxyConfig', annotated('proxy.istio.io/config', '{'), 'it is no ProxyConfig of Istio'],
  [
    'a Service for another port',
    [makeDeployment(), account, { ...service, spec: { ...service.spec, ports: [{ port: 80 }] } }],
    'Service/orders: spec: it does not lead to port 8000',
    { service: 'orders' },
  ],
  [
    'no Service',
    [makeDeployment(), account],
    'service: the resources have no Service orders',
    { service: 'orders' },
  ],
  [
    'a Secret hmac-key',
    [...plain, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'hmac-key' } }],
    'Secret/hmac-key: metadata.name: the signer has a resource of this name',
  ],
  [
    'a policy of ours',
    [...plain, other({ name: 'signer-allow-all' }, {}, 'AuthorizationPolicy')],
    'AuthorizationPolicy/signer-allow-all: metadata.name',
  ],
  [
    'its Namespace',
    [...plain, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'orders' } }],
    'Namespace/orders: metadata.name: make deploy creates this namespace',
  ],
  [
    'another namespace',
    [{ ...makeDeployment(), metadata: { name: 'orders', namespace: 'shop' } }, account, service],
    'metadata.namespace: it is shop, but `namespace` is orders',
  ],
  [
    'a second signer',
    [
      ...plain,
      other({ name: 'x', labels: { 'secure-signing.dev/signer': 'true' } }, {}, 'Deployment'),
    ],
    'Deployment/x: metadata.labels.secure-signing.dev/signer: only orders gets a signer',
  ],
  [
    'a twin',
    [
      ...plain,
      other({ name: 'x' }, { template: { spec: { serviceAccountName: 'orders' } } }, 'StatefulSet'),
    ],
    'StatefulSet/x: spec.template.spec.serviceAccountName: it is the ServiceAccount of orders',
  ],
])('%s is refused', async (_, resources, expected, changes = {}) => {
  await expect(attachSignerTo(resources, changes)).rejects.toThrow(expected)
  await expect(attachSignerTo(resources, changes)).rejects.toThrow(/manifests\.yaml: /)
})

test('all of them are named at once', async () => {
  const error = await attachSignerTo(withPod({ hostNetwork: true, hostname: 'x' })).catch(
    (found) => found,
  )
  expect(error.message.split('\n')).toHaveLength(2)
})

test.each<[string, object[], Record<string, unknown>?]>([
  ['a volume around ours', withPod(mounted('/run'))],
  ['a mount beside ours', withPod(mounted('/run/pairings')), { service: 'orders' }],
  ['our own value of a setting', annotated('sidecar.istio.io/interceptionMode', 'REDIRECT')],
  ['resources of the proxy', annotated('sidecar.istio.io/proxyCPU', '50m')],
  ['a group for volumes', withPod({ securityContext: { fsGroup: 2000 } })],
  [
    'a Namespace in a shared one',
    [...plain, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'orders' } }],
    { sharedNamespace: true },
  ],
  ['another workload', [...plain, other({ name: 'x' }, { template: { spec: {} } }, 'Deployment')]],
])('%s fits', async (_, resources, changes = { service: 'orders' }) => {
  await expect(attachSignerTo(resources, { service: 'orders', ...changes })).resolves.toBeDefined()
})

test.each<[string, object[], Record<string, unknown>?]>([
  ['port 8081', withPod({ containers: [{ ...container, ports: [{ containerPort: 8081 }] }] })],
  ['a host name', withPod({ hostname: 'web' })],
  ["the proxy's user", withPod({ securityContext: { runAsUser: 1337 } })],
])('%s fits without a mesh', async (_, resources) => {
  const refused = attachSignerTo(resources, { service: 'orders', port: 8000 })
  await expect(refused).rejects.toThrow(template)
  const spec = { ...service.spec, ports: [{ port: 8000 }] }
  const [deployment = {}] = resources
  const own = [deployment, account, { ...service, spec }]
  await expect(attachSignerTo(own, { service: 'orders' }, unmeshed)).resolves.toBeDefined()
})

test.each<[string, object[], string]>([
  [
    'an API token that it had',
    withPod({ automountServiceAccountToken: true }),
    'Name those that call it in `apiToken`',
  ],
  [
    'rights that its account has',
    [
      ...plain,
      {
        ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
        ...{ metadata: { name: 'x' }, subjects: [{ kind: 'ServiceAccount', name: 'orders' }] },
      },
    ],
    'Name those that call it in `apiToken`',
  ],
  [
    'a short grace period',
    withPod({ terminationGracePeriodSeconds: 5 }),
    'terminationGracePeriodSeconds is 5',
  ],
])('%s is noted', async (_, resources, expected) => {
  const { notes } = await attachSignerTo(resources)
  expect(notes).toEqual([expect.stringContaining(expected)])
})
