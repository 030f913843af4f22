// The signer attached to an application that has everything of its own: nothing of it changes, and it gets no mount that it
// does not name. Two such applications share no resource.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { composeApplicationValues } from '../../../tools/deploy/render/application-values.ts'
import { renderResources } from '../../../tools/deploy/render/render.ts'
import { layouts, noMesh, onePod, separatePods } from '../../../tools/kube/layouts.ts'
import { parseResources, type Resource, resourceKey } from '../../../tools/kube/resources.ts'
import { describeSample } from '../../support/api-server/sample-values.ts'
import { makeRenderFolder } from '../../support/folder.ts'
import { nothingOfItsOwn } from '../../support/own-application.ts'

const image = 'registry.example/orders'
const secretMount = { name: 'certificates', mountPath: '/certificates', readOnly: true }
const podSpec = {
  serviceAccountName: 'orders',
  hostAliases: [{ ip: '192.0.2.7', hostnames: ['legacy.example'] }],
  terminationGracePeriodSeconds: 45,
  initContainers: [{ name: 'migrate', image, volumeMounts: [secretMount] }],
  containers: [
    { name: 'log', image, args: ['--tail'], ports: [{ containerPort: 9090 }] },
    {
      ...{ name: 'web', image, env: [{ name: 'PORT', value: '8000' }] },
      ports: [{ name: 'http', containerPort: 8000 }],
      readinessProbe: { httpGet: { path: '/ready', port: 8000 } },
      volumeMounts: [secretMount],
    },
    { name: 'cache', image, volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }] },
  ],
  volumes: [
    { name: 'certificates', secret: { secretName: 'certificates' } },
    { name: 'scratch', emptyDir: {} },
  ],
}
const metadata = {
  labels: { app: 'orders', 'app.kubernetes.io/name': 'orders' },
  annotations: { 'prometheus.io/scrape': 'true', 'example.com/owner': 'orders' },
}
const deployment = {
  ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
  metadata: { name: 'orders', ...metadata },
  spec: {
    replicas: 5,
    selector: { matchLabels: { app: 'orders' } },
    template: { metadata, spec: podSpec },
  },
}
const others = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'orders' } },
  {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'orders' } },
    spec: { selector: { app: 'orders' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  },
  {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'unrelated' } },
    spec: {
      selector: { matchLabels: { app: 'unrelated' } },
      template: {
        metadata: { labels: { app: 'unrelated' } },
        spec: { containers: [{ name: 'web', image }] },
      },
    },
  },
]
const pairing = { name: 'pairing', mountPath: '/run/pairing', readOnly: true }
const mounts = {
  [onePod.overlay]: [pairing, { name: 'caller-token', mountPath: '/run/identity', readOnly: true }],
  [noMesh.overlay]: [pairing, { name: 'signer-socket', mountPath: '/run/signer', readOnly: true }],
}
const attachable = layouts.filter(({ overlay }) => overlay !== separatePods.overlay)

/** As a user writes it: the manifests, and the patch that attaches the signer. */
async function writeApplication(namespace: string, overlay: string): Promise<string> {
  const folder = await makeRenderFolder()
  const kustomization = {
    ...{ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', namespace },
    resources: ['resources.yaml'],
    patches: [
      {
        target: { kind: 'Deployment', name: 'orders' },
        patch: stringify({
          ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
          metadata: { name: 'any', labels: { 'secure-signing.dev/signer': 'true' } },
          spec: {
            template: {
              spec: {
                containers: [
                  { name: 'log' },
                  { name: 'web', volumeMounts: mounts[overlay] },
                  { name: 'cache' },
                ],
              },
            },
          },
        }),
      },
    ],
  }
  await writeFile(join(folder, 'kustomization.yaml'), stringify(kustomization))
  const texts = [deployment, ...others].map((each) =>
    stringify(each, { aliasDuplicateObjects: false }),
  )
  await writeFile(join(folder, 'resources.yaml'), texts.join('---\n'))
  return folder
}

async function render(
  namespace: string,
  layout = onePod,
  components: string[] = [],
  sharedNamespace = false,
): Promise<Resource[]> {
  const application = {
    ...{ namespace, deployment: 'orders', container: 'web', serviceAccount: 'orders' },
    ...{ port: 8000, service: 'orders', sharedNamespace, images: {}, components: [], apiToken: [] },
    routes: [
      { method: 'POST' as const, path: '/orders' },
      { method: 'GET' as const, path: '/orders/*' },
    ],
    egress: ['billing/billing.billing.svc.cluster.local'],
  }
  const { yaml } = await renderResources({
    ...describeSample(components, layout),
    folder: await makeRenderFolder(),
    application: {
      resources: [await writeApplication(namespace, layout.overlay)],
      components: [],
      values: composeApplicationValues(application, 80, components.includes('vault')),
      sharedNamespace,
      ...nothingOfItsOwn,
    },
  })
  return parseResources(yaml)
}
const find = (resources: readonly Resource[], kind: string, name: string) =>
  resources.find((each) => each.kind === kind && each.metadata.name === name)
const withNamespace = (each: object, namespace: string) => ({
  ...each,
  metadata: { ...Object(each).metadata, namespace },
})

describe.each(attachable)('in the layout $overlay', (layout) => {
  const everything = [
    ...['high-availability', 'network-policy', 'seccomp', 'webhook-opt-out', 'vault'],
    ...['monitoring', 'apparmor', 'deployer', 'tracing'],
  ]
  const supported = layout.isMeshed ? everything : ['seccomp', 'webhook-opt-out']

  test.each([[[]], [supported]])(
    'with %j the application keeps what it has',
    async (components) => {
      const resources = await render('orders', layout, components)
      const found = find(resources, 'Deployment', 'orders')
      const { template, replicas } = Object(found?.spec)
      expect(replicas).toBe(5)
      expect(found?.metadata.labels).toMatchObject(metadata.labels)
      expect(template.metadata.labels).toMatchObject(metadata.labels)
      expect(template.metadata.annotations).toMatchObject(metadata.annotations)
      expect(Object.keys(template.metadata.labels)).not.toContain('app.kubernetes.io/part-of')
      const { containers, volumes, initContainers, hostAliases } = template.spec
      const added = components.includes('vault') ? ['signer', 'vault-agent'] : ['signer']
      const names = containers.map(({ name }: Resource['metadata']) => name)
      expect(names.slice(0, 3)).toEqual(podSpec.containers.map(({ name }) => name))
      expect(names.slice(3).toSorted()).toEqual(added)
      expect({ initContainers, hostAliases }).toEqual({
        initContainers: podSpec.initContainers,
        hostAliases: podSpec.hostAliases,
      })
      const [log, web, cache] = containers
      const [ownLog, ownWeb, ownCache] = podSpec.containers
      expect([log, cache]).toEqual([ownLog, ownCache])
      const { volumeMounts, ...rest } = web
      const { volumeMounts: ownMounts, ...ownRest } = ownWeb as typeof web
      expect(rest).toEqual(ownRest)
      expect(volumeMounts).toHaveLength(3)
      expect(volumeMounts).toEqual(
        expect.arrayContaining([...ownMounts, ...(mounts[layout.overlay] ?? [])]),
      )
      expect(volumes).toEqual(expect.arrayContaining(podSpec.volumes))
      for (const each of others) {
        const { kind, metadata: own } = each
        expect(find(resources, kind, own.name)).toEqual(withNamespace(each, 'orders'))
      }
    },
  )

  test('all our resources are in its namespace, and none names another', async () => {
    const resources = await render('orders', layout, layout.isMeshed ? ['network-policy'] : [])
    const places = new Set(resources.map((each) => each.metadata.namespace ?? 'of the cluster'))
    expect([...places].toSorted()).toEqual(['of the cluster', 'orders'])
    const ofCluster = resources.filter((each) => each.metadata.namespace === undefined)
    for (const { kind, metadata: own, spec } of ofCluster) {
      const isPolicy = kind.startsWith('ValidatingAdmissionPolicy')
      expect(own.name).toMatch(isPolicy ? /^secure-orders-/ : /^orders$/)
      if (!kind.endsWith('Binding')) continue
      const { policyName, matchResources } = Object(spec)
      expect(policyName).toBe(own.name)
      expect(matchResources.namespaceSelector.matchLabels).toEqual({
        'kubernetes.io/metadata.name': 'orders',
      })
    }
    expect(JSON.stringify(ofCluster)).not.toContain('serviceaccount:signing')
  })

  test('two applications share no resource but the profiles of the nodes', async () => {
    const [first, second] = await Promise.all(
      ['orders', 'invoices'].map((each) => render(each, layout, ['seccomp'])),
    )
    const keys = (second ?? []).map(resourceKey)
    const shared = (first ?? []).filter((each) => keys.includes(resourceKey(each)))
    const ofNodes = shared.map(({ metadata: { name, namespace = name } }) => namespace)
    expect(new Set(ofNodes)).toEqual(new Set(['seccomp-profiles']))
    expect(first?.filter((each) => shared.includes(each))).toEqual(
      second?.filter((each) => shared.map(resourceKey).includes(resourceKey(each))),
    )
  })

  test('a namespace that others share is not among the resources, and Pods of others are not judged', async () => {
    const resources = await render('orders', layout, [], true)
    expect(find(resources, 'Namespace', 'orders')).toBeUndefined()
    const policy = find(
      resources,
      'ValidatingAdmissionPolicy',
      'secure-orders-pods-stay-restricted',
    )
    const conditions = Object(policy?.spec).matchConditions
    expect(conditions.map(({ name }: Resource['metadata']) => name)).toContain(
      'holds-key-or-caller-token',
    )
    const withSelinux = await render('orders', layout, ['selinux'], true)
    expect(
      find(withSelinux, 'ValidatingAdmissionPolicy', policy?.metadata.name ?? ''),
    ).toBeDefined()
  })
})

test('alerts and dashboard have its namespace, and records of two namespaces differ', async () => {
  const [orders = [], invoices = []] = await Promise.all(
    ['orders', 'my-invoices'].map((each) => render(each, onePod, ['monitoring'])),
  )
  const ours = orders.filter(({ kind, metadata: { name } }) =>
    /PrometheusRule|secure-signing-dashboard/.test(`${kind} ${name}`),
  )
  expect(ours).toHaveLength(2)
  expect(JSON.stringify(ours)).not.toMatch(/"signing\\|=\\*"signing|secure-signing\|/)
  expect(JSON.stringify(ours)).toContain('namespace=\\"orders\\"')
  const listRecords = (resources: readonly Resource[]): string[] =>
    Object(find(resources, 'PrometheusRule', 'secure-signing')?.spec).groups.flatMap(
      ({ rules }: { rules: { record?: string }[] }) => rules.flatMap(({ record = [] }) => record),
    )
  expect(listRecords(orders)).toContain('signing_orders:policy:generation')
  expect(listRecords(invoices)).toContain('signing_my_invoices:policy:generation')
  for (const each of listRecords(orders)) expect(JSON.stringify(invoices)).not.toContain(each)
})

test('the autoscaler scales the Deployment of the application, by its container', async () => {
  const resources = await render('orders', onePod, ['high-availability', 'autoscaling'])
  const { scaleTargetRef, metrics } = Object(
    find(resources, 'HorizontalPodAutoscaler', 'secure-signing')?.spec,
  )
  expect(scaleTargetRef.name).toBe('orders')
  expect(metrics[0].containerResource.container).toBe('web')
  expect(find(resources, 'Deployment', 'orders')?.spec).not.toHaveProperty('replicas')
})

test('the mesh has the port, the routes and the hosts of the application', async () => {
  const resources = await render('orders', onePod, ['network-policy', 'vault', 'tracing'])
  const spec = (kind: string, name: string) => Object(find(resources, kind, name)?.spec)
  const sidecar = spec('Sidecar', 'signer')
  expect(sidecar.ingress[0]).toMatchObject({
    ...{ port: { number: 8000 }, defaultEndpoint: '127.0.0.1:8000' },
  })
  expect(sidecar.egress.at(-1).hosts).toEqual([
    './keys.example',
    'billing/billing.billing.svc.cluster.local',
  ])
  expect(spec('AuthorizationPolicy', 'signer-allow-gateway').rules[0].to).toEqual([
    { operation: { ports: ['8000'], methods: ['POST'], paths: ['/orders'] } },
    { operation: { ports: ['8000'], methods: ['GET'], paths: ['/orders/*'] } },
  ])
  expect(spec('VirtualService', 'orders').http).toMatchObject([
    {
      match: [{ uri: { exact: '/orders' } }, { uri: { prefix: '/orders/' } }],
      route: [{ destination: { host: 'orders', port: { number: 80 } } }],
    },
  ])
  expect(spec('DestinationRule', 'orders').host).toBe('orders')
  const { ingress } = spec('NetworkPolicy', 'signer-allow-gateway-to-frontend')
  expect(ingress[0].ports[0].port).toBe(8000)
})

test('without a mesh, admission lets the application container at the socket, and clients reach its port', async () => {
  const resources = await render('orders', noMesh, ['network-policy'])
  const clients = find(resources, 'NetworkPolicy', 'signer-allow-clients')
  expect(Object(clients?.spec).ingress[0].ports[0].port).toBe(8000)
  const policy = find(resources, 'ValidatingAdmissionPolicy', 'secure-orders-no-way-around-proxy')
  const variables: { name: string; expression: string }[] = Object(policy?.spec).variables
  expect(variables.find(({ name }) => name === 'socketHolders')?.expression).toBe(
    "['signer', 'web']",
  )
})
