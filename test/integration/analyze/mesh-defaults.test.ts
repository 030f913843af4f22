// Mesh-wide settings are judged before anything changes: what breaks our Pods, and what only looks unusual.
import { beforeAll, describe, expect, test } from 'vitest'
import { judgeMeshDefaults } from '../../../tools/analyze/live/mesh-defaults.ts'
import type { ControlPlane } from '../../../tools/kube/control-plane.ts'
import { separatePods } from '../../../tools/kube/layouts.ts'
import { mergeMeshConfigs } from '../../../tools/kube/mesh-config.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { renderSample } from '../../support/api-server/sample.ts'

let ours: Resource[]
let ofSeparatePods: Resource[]
beforeAll(async () => {
  const samples = await Promise.all([renderSample(), renderSample([], separatePods)])
  const [one, two] = samples.map(({ resources }) => resources)
  ours = one ?? []
  ofSeparatePods = two ?? []
})

/** The labels that the namespace has after the deployment. */
const signing = {
  'istio.io/rev': 'canary',
  'kubernetes.io/metadata.name': 'signing',
  team: 'payments',
}
type Change = Partial<Omit<ControlPlane, 'mesh'>> & { mesh?: string }

function judge(
  { mesh = '', ...change }: Change,
  labels: Record<string, string> = {},
  resources = ours,
) {
  return judgeMeshDefaults({
    ours: resources,
    controlPlane: {
      ...{ injector: { label: 'canary', revision: '1-31', namespace: 'mesh-system' } },
      ...{ istiod: undefined, meshSource: 'mesh-system/istio-1-31', injection: {} },
      ...change,
      mesh: mergeMeshConfigs([mesh]),
    },
    labels: { signing: { ...signing, ...labels }, edge: { 'istio.io/rev': 'canary' } },
    gatewayNamespaces: ['edge'],
  })
}
const selectors = (...each: object[]) => JSON.stringify({ discoverySelectors: each })
const expression = (key: string, operator: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator, values }],
})
const rev = { matchLabels: { 'istio.io/rev': 'canary' } }
const enabled = { matchLabels: { mesh: 'enabled' } }

describe('discoverySelectors', () => {
  test.each([
    ['another label', selectors(enabled)],
    [
      'two labels of which one is missing',
      selectors({ matchLabels: { team: 'payments', mesh: 'on' } }),
    ],
    [
      'a label and an expression',
      selectors({ ...rev, ...expression('team', 'NotIn', 'payments') }),
    ],
    ['a value', selectors(expression('team', 'In', 'a', 'b'))],
    ['a label that must exist', selectors(expression('mesh', 'Exists'))],
    ['a label that must not exist', selectors(expression('team', 'DoesNotExist'))],
    ['another name', selectors({ matchLabels: { 'kubernetes.io/metadata.name': 'other' } })],
    ['several selectors, none of which fits', selectors(enabled, expression('team', 'In', 'a'))],
  ])('that leave out our namespace break it: %s', (_, mesh) => {
    const found = judge({ mesh }).filter(({ message }) => message.includes('namespace signing,'))
    expect(found).toMatchObject([{ severity: 'breaks', about: 'meshConfig.discoverySelectors' }])
  })

  test.each([
    ['the label that its manifest has', selectors(rev)],
    ['its name', selectors({ matchLabels: { 'kubernetes.io/metadata.name': 'signing' } }, rev)],
    ['one of several selectors', selectors(enabled, expression('team', 'In', 'payments'), rev)],
    ['a label that it does not have', selectors(expression('ignored', 'DoesNotExist'))],
    ['an empty selector', selectors({})],
    ['none', selectors()],
  ])('that fit are accepted: %s', (_, mesh) => expect(judge({ mesh })).toEqual([]))

  test('the error has the command that labels the namespace', () => {
    const [found] = judge({ mesh: selectors(enabled) })
    expect(found?.todo).toContain('kubectl label namespace signing mesh=enabled')
    const [byName] = judge({
      mesh: selectors({ matchLabels: { 'kubernetes.io/metadata.name': 'x' } }),
    })
    expect(byName?.todo).toBe('Change it in the ConfigMap mesh-system/istio-1-31')
  })

  test('that leave out only the namespace of the gateway break our own Gateway', () => {
    const mesh = selectors({ matchLabels: { team: 'payments' } })
    const about = {
      message: expect.stringContaining('edge'),
      todo: expect.stringContaining('edge team=payments'),
    }
    expect(judge({ mesh })).toMatchObject([{ severity: 'breaks', ...about }])
    const bound = ours.filter(({ kind }) => kind !== 'Gateway')
    expect(judge({ mesh }, {}, bound)).toMatchObject([{ severity: 'note', ...about }])
  })
})

test.each([
  [
    'breaks',
    'a privileged proxy',
    { injection: { values: '{"global":{"proxy":{"privileged":true}}}' } },
  ],
  [
    'breaks',
    "no template of Istio's sidecar",
    { injection: { config: 'defaultTemplates: [mine]' } },
  ],
  ['note', 'a further template', { injection: { config: 'defaultTemplates: [sidecar, mine]' } }],
  [
    'note',
    'an alias',
    { injection: { config: 'defaultTemplates: [all]\naliases: {all: [sidecar, mine]}' } },
  ],
  ['note', 'an alias of the trust domain', { mesh: 'trustDomainAliases: [old.example]' }],
  [
    'breaks',
    'gateways that ignore the Gateways of other namespaces',
    { istiod: { image: 'i', env: { PILOT_SCOPE_GATEWAY_TO_NAMESPACE: 'true' } } },
  ],
  [
    'breaks',
    'the same, of an istiod that cannot be read',
    { injection: { values: '{"pilot":{"env":{"PILOT_SCOPE_GATEWAY_TO_NAMESPACE":true}}}' } },
  ],
] as const)('%s: %s', (severity, _, change) => {
  expect(judge(change).map((each) => each.severity)).toEqual([severity])
})

test.each([
  ['breaks', 'disabled'],
  ['note', 'enabled'],
])('%s: the namespace has istio-injection=%s', (severity, value) => {
  const found = judge({}, { 'istio-injection': value })
  expect(found).toMatchObject([{ severity, todo: expect.stringContaining('istio-injection-') }])
})

test.each([
  'accessLogFormat: "%REQ(Caller-Token)%"',
  'extensionProviders: [{name: log, envoyFileAccessLog: {logFormat: {labels: {t: "%REQ(CALLER-TOKEN?X:9)%"}}}}]',
  'defaultConfig: {tracing: {customTags: {t: {header: {name: caller-token}}}}}',
])('weakens: logs or traces show the token of the frontend in a Pod of its own: %s', (mesh) => {
  expect(judge({ mesh }, {}, ofSeparatePods)).toMatchObject([{ severity: 'weakens' }])
  // In one Pod, no proxy sees the header after it is verified.
  expect(judge({ mesh })).toEqual([])
})

test.each([
  // What our resources set themselves.
  'enableAutoMtls: no',
  'defaultServiceExportTo: ["."]\ndefaultVirtualServiceExportTo: ["~"]\ndefaultDestinationRuleExportTo: ["."]',
  'defaultConfig: {interceptionMode: TPROXY, concurrency: 8, holdApplicationUntilProxyStarts: false}',
  // What does not concern them.
  'outboundTrafficPolicy: {mode: ALLOW_ANY}\nmeshMTLS: {minProtocolVersion: TLSV1_3}',
  'pathNormalization: {normalization: NONE}',
  'accessLogFormat: "%REQ(:PATH)% %REQ(AUTHORIZATION)%"',
  'extensionProviders: [{name: opa, envoyExtAuthzGrpc: {service: opa, port: 9191}}]',
])('says nothing about %s', (mesh) => expect(judge({ mesh })).toEqual([]))

test('the shared configuration counts, and that of the revision wins', () => {
  const merged = mergeMeshConfigs([
    'trustDomain: shared.example\nenableAutoMtls: false\ndefaultConfig: {discoveryAddress: a, concurrency: 2}',
    'trustDomain: own.example\ndefaultConfig: {discoveryAddress: b}',
  ])
  expect(merged).toMatchObject({
    ...{ trustDomain: 'own.example', enableAutoMtls: false },
    defaultConfig: { discoveryAddress: 'b', concurrency: 2 },
  })
})
