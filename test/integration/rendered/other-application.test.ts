// What `make deploy` renders for an application of somebody else: everything of this project moves to its namespace, and nothing of
// its own changes but its Deployment.

import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Application } from '../../../tools/kube/application.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { makeDeployment, plain, writeFiles } from '../../support/application/manifests.ts'
import { makeRenderFolder } from '../../support/folder.ts'
import { listLimits } from '../../support/limits.ts'

// All modules know the application from the start, as in a program.
process.env.CONFIG = await writeFiles(plain, {
  ...{ imagePrefix: 'registry.example/team', overlay: 'no-mesh', publicHost: 'orders.example' },
  ...{ components: ['seccomp', 'network-policy'], limits: {} },
})
const { readSetting } = await import('../../../tools/kube/application.ts')
const { applyRules } = await import('../../../tools/analyze/rule.ts')
const { rulesOf } = await import('../../../tools/analyze/rules.ts')
const { renderApplication } = await import(
  '../../../tools/deploy/application/render-application.ts'
)
const { noteMissingLimits } = await import('../../../tools/deploy/preflight/missing-limits.ts')
const { readComponents } = await import('../../../tools/deploy/render/components.ts')
const { renderResources } = await import('../../../tools/deploy/render/render.ts')
const { componentNames } = await import('../../../tools/kube/application/component-names.ts')
const { noMesh, onePod } = await import('../../../tools/kube/layouts.ts')
const { describeResource, parseResources } = await import('../../../tools/kube/resources.ts')
const { describeSample } = await import('../../support/api-server/sample-values.ts')
const { writeApplication } = await import('../../support/application/application.ts')

const istio = (kind: string, name: string, spec: object) => ({
  ...{ apiVersion: 'networking.istio.io/v1', kind, metadata: { name }, spec },
})
const confined = {
  ...{ allowPrivilegeEscalation: false, runAsNonRoot: true, runAsUser: 20_000 },
  ...{ capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } },
}
const helper = { name: 'helper', image: 'helper:1', securityContext: confined }
const deployment = makeDeployment({
  metadata: {
    labels: { app: 'orders' },
    annotations: { 'proxy.istio.io/config': 'concurrency: 1' },
  },
  spec: {
    initContainers: [{ ...helper, name: 'setup' }],
    containers: [
      helper,
      {
        ...{ name: 'web', image: 'orders:1', securityContext: confined },
        ports: [{ name: 'http', containerPort: 8000 }],
      },
    ],
  },
})
const config = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'mine' }, data: { a: 'b' } }
const resources = [deployment, ...plain.slice(1), config]
const sidecar = istio('Sidecar', 'mine', {
  workloadSelector: { labels: { app: 'orders' } },
  ingress: [
    { port: { number: 9100, name: 'http-x', protocol: 'HTTP' }, defaultEndpoint: '127.0.0.1:9100' },
  ],
  egress: [
    { port: { number: 5432, name: 'tcp-db', protocol: 'TCP' }, hosts: ['./db.example.com'] },
    { hosts: ['billing/*'] },
  ],
})
const rule = istio('DestinationRule', 'orders', { host: 'orders', trafficPolicy: {} })
const service = istio('VirtualService', 'mine', {
  ...{ hosts: ['orders.example'], gateways: ['infra/edge'] },
  http: [
    {
      match: [{ uri: { exact: '/orders' } }],
      route: [{ destination: { host: 'orders', port: { number: 80 } } }],
    },
  ],
})

async function render(
  own: readonly object[] = resources,
  changes: Record<string, unknown> = {},
  layout = onePod,
  components: readonly string[] = [],
): Promise<{ application: Application; found: Resource[] }> {
  const application = await writeApplication(own, changes)
  const folder = await makeRenderFolder()
  const attached = await renderApplication(application, {
    ...{ folder: join(folder, 'application'), layout, components },
  })
  const { yaml } = await renderResources({
    ...{ ...describeSample(components, layout), folder, application: attached },
  })
  return { application, found: parseResources(yaml) }
}
const names = (found: readonly Resource[]) => found.map(describeResource)
const find = (found: readonly Resource[], name: string) =>
  found.find((each) => describeResource(each) === name)
const judge = (found: readonly Resource[], application: Application, layout = onePod) =>
  applyRules(rulesOf(layout), found, application)
    // The user fills them in.
    .filter(({ rule }) => rule !== 'filled-in')
    .map(({ rule, message }) => `${rule}: ${message}`)
const isOwn = ({ metadata }: Resource) =>
  metadata.labels?.['app.kubernetes.io/part-of'] === 'secure-signing'

describe.each([
  ['through the proxy', onePod],
  ['at the socket', noMesh],
])('%s', (_, layout) => {
  test('nothing stays in our namespace or under our names', async () => {
    const { found } = await render(resources, {}, layout)
    expect(new Set(found.map(({ metadata }) => metadata.namespace ?? 'orders'))).toEqual(
      new Set(['orders']),
    )
    const policies = found.filter(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy'))
    expect(policies.length).toBeGreaterThan(5)
    for (const { metadata } of policies) expect(metadata.name).toMatch(/^secure-orders-/)
    const text = JSON.stringify(found.filter(isOwn)).replaceAll('secure-signing.dev', '')
    expect(/.{0,80}(ns\/|serviceaccount:|namespace":")signing\b/.exec(text)?.[0]).toBeUndefined()
  })

  test('its own resources stay as they are', async () => {
    const { found } = await render(resources, {}, layout)
    for (const each of [...plain.slice(1), config]) {
      const own = find(found, `${each.kind}/${each.metadata.name}`)
      expect(own).toEqual({ ...each, metadata: { ...each.metadata, namespace: 'orders' } })
    }
  })

  test('only its container gets the mounts, and its containers keep their order', async () => {
    const { found } = await render(resources, { apiToken: ['helper'] }, layout)
    const { spec } = Object(find(found, 'Deployment/orders')?.spec).template
    const mounts = [...spec.initContainers, ...spec.containers].map((each) => [
      each.name,
      (each.volumeMounts ?? []).map(({ name }: { name: string }) => name).toSorted(),
    ])
    const way = layout.isMeshed ? 'caller-token' : 'signer-socket'
    expect(mounts).toEqual([
      ['setup', []],
      ['helper', ['api-token']],
      ['web', [way, 'pairing'].toSorted()],
      ['signer', ['hmac-key', 'pairing', 'signer-freeze', 'signer-socket']],
    ])
  })

  test('the rules of make analyze find nothing', async () => {
    const { application, found } = await render(resources, {}, layout)
    expect(judge(found, application, layout)).toEqual([])
  })
})

test('variables of make override signing.yaml', () => {
  const names = ['IMAGE_PREFIX', 'OVERLAY', 'PUBLIC_HOST', 'COMPONENTS', 'GATEWAY'] as const
  expect(names.map((each) => readSetting(each, {}))).toEqual([
    ...['registry.example/team', 'no-mesh', 'orders.example', 'seccomp network-policy', undefined],
  ])
  const given = {
    IMAGE_PREFIX: 'a',
    OVERLAY: 'default',
    PUBLIC_HOST: 'b',
    COMPONENTS: 'c',
    GATEWAY: 'd/e',
  }
  expect(names.map((each) => readSetting(each, given))).toEqual(Object.values(given))
})

test('the section `limits` adds its component, whatever COMPONENTS names', async () => {
  expect(await readComponents(onePod)).toEqual(['limits', 'network-policy', 'seccomp'])
  vi.stubEnv('COMPONENTS', 'deployer')
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(await readComponents(onePod)).toEqual(['deployer', 'limits'])
})

test('without limits, the note names its file', async () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => write.mockRestore())
  noteMissingLimits((await render()).found)
  expect(write.mock.calls.map(([text]) => text)).toEqual([
    expect.stringMatching(
      /^ {2}note {2}nothing limits .* Add `limits: \{\}` to \S+\/signing\.yaml\n$/,
    ),
  ])
})

const chosen = { signaturesPerSecond: 5, burst: 9, signaturesPerDay: 70, verificationsPerSecond: 3 }
test.each([
  ['the defaults of the component', {}, ['200', '1000', '1000000', '200']],
  ['its own', chosen, ['5', '9', '70', '3']],
  ['a burst of a second', { signaturesPerSecond: 3_000 }, ['3000', '3000', '1000000', '200']],
  ['a burst of a day', { signaturesPerDay: 500 }, ['200', '500', '500', '200']],
])('its limits are %s', async (_, limits, figures) => {
  for (const layout of [onePod, noMesh]) {
    const { found } = await render(resources, { limits }, layout, ['limits'])
    const { containers } = Object(find(found, 'Deployment/orders')?.spec).template.spec
    expect(containers.map(({ name }: { name: string }) => name)).toEqual([
      ...['helper', 'web', 'signer'],
    ])
    expect(listLimits(containers)).toEqual(figures)
  }
})

test('what the application says itself is merged, or takes the place of ours', async () => {
  const { application, found } = await render([...resources, sidecar, rule])
  expect(names(found)).not.toContain('Sidecar/mine')
  expect(find(found, 'Sidecar/signer')?.spec).toMatchObject({
    egress: [
      { hosts: ['./db.example.com'] },
      { bind: '127.0.0.1', hosts: ['./signer.pod.internal'] },
      { hosts: ['billing/*'] },
    ],
    ingress: [{ port: { number: 8000 } }, { port: { number: 8081 } }, { port: { number: 9100 } }],
    outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' },
  })
  expect(names(found).filter((each) => each === 'DestinationRule/orders')).toHaveLength(1)
  expect(find(found, 'DestinationRule/orders')?.spec).toEqual(rule.spec)
  const { metadata } = Object(find(found, 'Deployment/orders')?.spec).template
  expect(JSON.parse(metadata.annotations['proxy.istio.io/config'])).toMatchObject({
    ...{ concurrency: 1, holdApplicationUntilProxyStarts: true },
  })
  expect(judge(found, application)).toEqual([])
})

test('with a route of its own, there is no other', async () => {
  const { application, found } = await render([...resources, service])
  const routes = found.filter(({ kind }) => /^(Gateway|VirtualService|DestinationRule)$/.test(kind))
  expect(names(routes)).toEqual(['DestinationRule/signer-in-pod', 'VirtualService/mine'])
  expect(names(found)).toContain('AuthorizationPolicy/signer-allow-gateway')
  expect(judge(found, application)).toEqual([])
})

test('in a shared namespace, there is no Namespace', async () => {
  const { application, found } = await render(resources, { sharedNamespace: true })
  expect(names(found)).not.toContain('Namespace/orders')
  expect(judge(found, application)).toEqual([])
})

test('routes, egress and images are those of signing.yaml', async () => {
  const { found } = await render(resources, {
    routes: [
      { method: 'POST', path: '/orders' },
      { method: 'GET', path: '/orders/*' },
    ],
    egress: ['prices/prices.prices.svc.cluster.local'],
    images: { orders: { newName: 'registry.example/orders', newTag: '7' } },
  })
  expect(find(found, 'AuthorizationPolicy/signer-allow-gateway')?.spec).toMatchObject({
    rules: [
      {
        to: [
          { operation: { ports: ['8000'], methods: ['POST'], paths: ['/orders'] } },
          { operation: { ports: ['8000'], methods: ['GET'], paths: ['/orders/*'] } },
        ],
      },
    ],
  })
  expect(find(found, 'VirtualService/orders')?.spec).toMatchObject({
    http: [
      {
        match: [{ uri: { exact: '/orders' } }, { uri: { prefix: '/orders/' } }],
        route: [{ destination: { host: 'orders', port: { number: 80 } } }],
      },
    ],
  })
  expect(JSON.stringify(find(found, 'Sidecar/signer'))).toContain('prices/prices.prices.svc')
  expect(JSON.stringify(find(found, 'Deployment/orders'))).toContain('registry.example/orders:7')
})

test.each(componentNames)('the component %s is for it too', async (name) => {
  const { application, found } = await render(resources, {}, onePod, [name])
  const elsewhere = found.filter(({ metadata }) => metadata.namespace === 'signing')
  expect(names(elsewhere)).toEqual([])
  expect(judge(found, application)).toEqual([])
})
