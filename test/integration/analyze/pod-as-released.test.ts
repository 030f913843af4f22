// Single changes of our Pods: `make analyze` notices each, unless users may make it. What users and tools change raises nothing.
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chooseApplication } from '../../../tools/analyze/model/derive-application.ts'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { podAsReleasedRule } from '../../../tools/analyze/rules/pod-as-released-rule.ts'
import { rulesOf } from '../../../tools/analyze/rules.ts'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { noMesh, onePod } from '../../../tools/kube/layouts.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { applyChange, type Change } from '../../support/mistakes/mistakes.ts'
import { listMutations, sampleMutations } from '../../support/mutations/list-mutations.ts'
import { createNotice } from '../../support/mutations/noticed.ts'
import { renderChanges, renderShipment, shipments } from '../../support/mutations/renderings.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const seed = 26
const sampleSize = 150
const names = Object.keys(shipments)
/** All changes of these are tried. The others only differ from them. */
const whole = ['default', 'separate-pods', 'no-mesh', 'linkerd', 'vault']
const isPod = ({ kind }: Resource) => kind === 'Deployment'
const container = String.raw`containers\[\d\]`
const theirs = String.raw`template\.spec\.containers\[0\]`

/** Why a change of a Pod goes unnoticed. */
const reasons: readonly (readonly [change: RegExp, reason: string])[] = [
  [/ metadata\.(labels|annotations)/, 'only kustomize reads the labels of the Deployment itself'],
  [/ spec\.replicas /, 'how many Pods run is a decision of the user, or of an autoscaler'],
  [
    / spec\.strategy/,
    'how Pods are replaced is a decision of the user. The API server knows the names',
  ],
  [
    /template\.metadata\.labels\[(app\.kubernetes\.io\/|service\.istio\.io\/canonical-name|topology\.istio\.io)/,
    'people and telemetry read it, and the network is what the cluster says',
  ],
  [/default-container/, 'it says which container kubectl shows first'],
  [/\[sidecar\.istio\.io\/proxy(CPU|Memory)(Limit)?\]/, 'the resources of the proxy'],
  [
    /\[sidecar\.istio\.io\/(statsInclusionRegexps|nativeSidecar)\] set to/,
    'more statistics, or the other form of the proxy, which the signer supports too',
  ],
  [new RegExp(`${container}\\.image .*x$`), 'whether a tag exists is known to the registry alone'],
  [
    new RegExp(`${container}\\.imagePullPolicy IfNotPresent (deleted|→ Always)$`),
    'the tag is a hash of the content',
  ],
  [
    new RegExp(`${container}\\.resources\\.requests.* deleted$`),
    'what the scheduler reserves is a decision of the user',
  ],
  [
    new RegExp(
      `${container}\\.(liveness|readiness)Probe\\.(failureThreshold|periodSeconds|timeoutSeconds) `,
    ),
    'how often kubelet asks is a decision of the user',
  ],
  [
    new RegExp(
      `${theirs}\\.((liveness|readiness|startup)Probe (set|\\{.* deleted)|(liveness|readiness)Probe\\.(httpGet \\{|terminationGracePeriodSeconds )|lifecycle)`,
    ),
    'whether and how kubelet asks the application, and its hooks, are its own decision',
  ],
  [
    new RegExp(`${theirs}\\.(command|args|workingDir|restartPolicy|volumeDevices) `),
    'the container of the application has no key. It runs what the application says',
  ],
  [new RegExp(`${theirs}\\.env \\+ `), "the application's own variables"],
  [
    new RegExp(`${theirs}\\.ports \\+ .*8081`),
    'in a Pod of its own, the frontend has no proxy that serves the signer at 8081',
  ],
  [/ in frontend$/, "the application's own volumes"],
  [
    /template\.spec\.terminationGracePeriodSeconds 30 (deleted|→ 31)$/,
    '30 seconds are the default, and more are enough',
  ],
  [/template\.spec\.hostUsers set to true$/, 'it is the default'],
  [
    /template\.spec\.(runtimeClassName|nodeName|subdomain) set to "added"$/,
    'where the Pod runs. The API server or the scheduler refuses what is not there',
  ],
  [/securityContext\.runAsGroup set to 0$/, 'each container of ours has a group of its own'],
  [/securityContext\.sysctls set to .*shm_rmid_forced/, 'Pod Security allows this one'],
  [/spec\.topologySpreadConstraints/, 'how the Pods spread is a decision of the user'],
  [
    /nodeSelectorTerms\[\d\] .* deleted$/,
    'the label of the nodes has two names, and either is enough',
  ],
]
/** Without a mesh, nothing reads the settings of a proxy, and nobody calls a name of the signer. */
const withoutMesh =
  / spec\.template\.(metadata\.(annotations\[(sidecar|proxy)\.istio\.io\/|labels\[istio\.io\/rev\]).* set to |spec\.hostAliases set to .*signer\.pod\.internal)/

type Unnoticed = Map<string, string[]>
const unnoticedOf = async (name: string): Promise<string[]> => {
  const { resources, mutations } = await renderChanges(name)
  const notice = createNotice(resources, shipments[name]?.isMeshed ?? true)
  const ofPods = mutations.filter(({ resource }) => isPod(resource))
  const tried = whole.includes(name) ? ofPods : sampleMutations(ofPods, sampleSize, seed)
  return tried.filter((each) => notice(each.resources()).length === 0).map((each) => each.name)
}

describe('every change of a Pod is noticed, unless users may make it', () => {
  const found: Unnoticed = new Map()

  test.each(names)('%s', async (name) => {
    const unnoticed = await unnoticedOf(name)
    found.set(name, unnoticed)
    const allowed = reasons.map(([change]) => change)
    if (!shipments[name]?.isMeshed) allowed.push(withoutMesh)
    expect(unnoticed.filter((each) => !allowed.some((change) => change.test(each)))).toEqual([])
  })

  test.each(reasons)('the reason is used: %s, %s', (change) => {
    expect([...found.values()].flat().filter((name) => change.test(name))).not.toEqual([])
  })
})

const deployment = 'Deployment/secure-signing'
const template = 'spec.template'
const frontend = `${template}.spec.containers.0`
const signer = `${template}.spec.containers.1`
const own = { name: 'own', emptyDir: {} }
const safe = {
  allowPrivilegeEscalation: false,
  ...{ runAsNonRoot: true, runAsUser: 10009, capabilities: { drop: ['ALL'] } },
}

/** What users and tools change in the Pods of the default layout. */
const legitimate: Readonly<Record<string, Change>> = {
  'more Pods': [deployment, 'spec.replicas', 7],
  'no number of Pods': [deployment, 'spec.replicas', undefined],
  'another strategy': [deployment, 'spec.strategy', { type: 'Recreate' }],
  'a short history': [deployment, 'spec.revisionHistoryLimit', 2],
  'a label': [deployment, `${template}.metadata.labels.team`, 'payments'],
  'an annotation': [deployment, `${template}.metadata.annotations.example~1com/owner`, 'payments'],
  'a restart by kubectl': [
    deployment,
    `${template}.metadata.annotations.kubectl~1kubernetes~1io/restartedAt`,
    '2026-01-01T00:00:00Z',
  ],
  'more CPU for the proxy': [
    deployment,
    `${template}.metadata.annotations.sidecar~1istio~1io/proxyCPU`,
    '500m',
  ],
  'a longer drain of the proxy': [
    deployment,
    `${template}.metadata.annotations.proxy~1istio~1io/config`,
    '{"holdApplicationUntilProxyStarts": true, "terminationDrainDuration": "40s", "concurrency": 2, "proxyMetadata": {"REWRITE_PROBE_LEGACY_LOCALHOST_DESTINATION": "true"}}',
  ],
  'an image of another registry': [deployment, `${frontend}.image`, 'mirror.example:5000/f:2'],
  'a digest': [
    deployment,
    `${signer}.image`,
    `registry.example/team/signer:ba9876543210@sha256:${'0'.repeat(64)}`,
  ],
  'more memory': [deployment, `${signer}.resources.limits.memory`, '256Mi'],
  'more CPU': [deployment, `${signer}.resources.limits.cpu`, '1500m'],
  'the same CPU': [deployment, `${signer}.resources.limits.cpu`, '1000m'],
  'other requests': [deployment, `${signer}.resources.requests`, { cpu: '200m', memory: '96Mi' }],
  'a limit of requests': [
    deployment,
    `${signer}.env.+`,
    { name: 'SIGNER_MAX_REQUESTS', value: '128' },
  ],
  'a limit of signatures': [
    deployment,
    `${signer}.env.+`,
    { name: 'SIGNER_SIGNATURES_PER_DAY', value: '5000' },
  ],
  'a slower probe': [deployment, `${signer}.readinessProbe.periodSeconds`, 5],
  'a variable of the application': [
    deployment,
    `${frontend}.env.+`,
    { name: 'LOG_LEVEL', value: 'info' },
  ],
  'a variable from a Secret of the application': [
    deployment,
    `${frontend}.env.+`,
    { name: 'PASSWORD', valueFrom: { configMapKeyRef: { name: 'own', key: 'p' } } },
  ],
  'a port of the application': [
    deployment,
    `${frontend}.ports.+`,
    { name: 'admin', containerPort: 9000 },
  ],
  'no liveness probe': [deployment, `${frontend}.livenessProbe`, undefined],
  'a hook of the application': [
    deployment,
    `${frontend}.lifecycle`,
    { preStop: { sleep: { seconds: 5 } } },
  ],
  'a mount of the application': [
    deployment,
    `${frontend}.volumeMounts.+`,
    { name: 'own', mountPath: '/tmp' },
  ],
  'a volume of the application': [deployment, `${template}.spec.volumes.+`, own],
  'a sidecar': [
    deployment,
    `${template}.spec.containers.+`,
    {
      ...{ name: 'log', image: 'registry.example/log:1', securityContext: safe },
      ...{ env: [{ name: 'A', value: 'b' }], ports: [{ containerPort: 9100 }] },
      resources: { limits: { memory: '64Mi' } },
    },
  ],
  'an init container': [
    deployment,
    `${template}.spec.initContainers`,
    [{ name: 'migrate', image: 'registry.example/migrate:1', securityContext: safe }],
  ],
  'resources of the proxy, as Istio documents it': [
    deployment,
    `${template}.spec.containers.+`,
    { name: 'istio-proxy', image: 'auto', resources: { requests: { cpu: '1' } } },
  ],
  'nodes of a kind': [deployment, `${template}.spec.nodeSelector`, { pool: 'general' }],
  'an affinity': [deployment, `${template}.spec.affinity`, { podAntiAffinity: {} }],
  'a toleration': [deployment, `${template}.spec.tolerations`, [{ operator: 'Exists' }]],
  'a priority': [deployment, `${template}.spec.priorityClassName`, 'high'],
  'a registry that asks for a password': [
    deployment,
    `${template}.spec.imagePullSecrets`,
    [{ name: 'registry' }],
  ],
  'names of a legacy host': [
    deployment,
    `${template}.spec.hostAliases`,
    [{ ip: '192.0.2.7', hostnames: ['legacy.example'] }],
  ],
  'a longer end': [deployment, `${template}.spec.terminationGracePeriodSeconds`, 60],
  'a resolver option': [
    deployment,
    `${template}.spec.dnsConfig`,
    { options: [{ name: 'ndots', value: '2' }] },
  ],
  'the profile that is the default': [
    deployment,
    `${signer}.securityContext.appArmorProfile`,
    { type: 'RuntimeDefault' },
  ],
}

describe('no false alarm', () => {
  test.each(Object.entries(legitimate))('%s', async (_, change) => {
    const resources = applyChange(await renderShipment('default'), change)
    expect(applyRules(rulesOf(onePod), resources)).toEqual([])
  })

  test('all of these together', async () => {
    const resources = Object.entries(legitimate)
      .filter(([name]) => !/no number|same CPU/.test(name))
      .reduce((all, [, change]) => applyChange(all, change), await renderShipment('default'))
    expect(applyRules(rulesOf(onePod), resources)).toEqual([])
  })

  test('two applications in one folder. A change of either Pod is noticed', async () => {
    const folders = await Promise.all(
      ['.', 'orders'].map((name) =>
        kubectl(['kustomize', join(CHECKOUT, 'examples/gitops', name)]),
      ),
    )
    const resources = folders.flatMap(parseResources)
    const judged = chooseApplication(resources)
    expect(applyRules(rulesOf(onePod), resources, judged)).toEqual([])
    for (const pod of resources.filter(isPod)) {
      const variable = { name: 'NODE_OPTIONS', value: '--import=/tmp/x' }
      const change = [`Deployment/${pod.metadata.name}`, `${signer}.env.+`, variable] as const
      const found = applyRules([podAsReleasedRule], applyChange(resources, change), judged)
      expect(found.map(({ message }) => message)).toEqual([
        expect.stringContaining('found {name:NODE_OPTIONS,value:--import=/tmp/x}, shipped nothing'),
      ])
    }
  })

  test('what the API server fills in', needsLocalPrograms, async () => {
    const { api } = await useBareApiServer()
    await kubectl(['create', 'namespace', namespace])
    for (const name of whole) {
      const resources = await renderShipment(name)
      const filled = await Promise.all(
        resources.map(async (each) =>
          isPod(each) ? JSON.parse((await api.tryCreate(each)).said) : each,
        ),
      )
      const rules = rulesOf(shipments[name]?.isMeshed ? onePod : noMesh)
      expect(applyRules(rules, filled), name).toEqual([])
    }
  })
})

test('one change of a Pod is one finding of the comparison, or of another rule at its place', async () => {
  const resources = await renderShipment('default')
  const mutations = listMutations(resources, resources.filter(isPod))
  for (const { resources: change, name } of sampleMutations(mutations, sampleSize, seed)) {
    const found = applyRules(rulesOf(onePod), change())
    const compared = found.filter(({ rule }) => rule === podAsReleasedRule.name)
    expect(compared.length, name).toBeLessThanOrEqual(1)
  }
})

test('a finding says the resource, the path, both values, what it opens and what to do', async () => {
  const resources = await renderShipment('default')
  const change = [deployment, `${signer}.resources.limits.memory`, undefined] as const
  expect(applyRules(rulesOf(onePod), applyChange(resources, change))).toMatchObject([
    {
      rule: 'pod-as-released',
      path: ['spec', 'template', 'spec', 'containers', 1, 'resources', 'limits', 'memory'],
      message:
        'Deployment/secure-signing spec.template.spec.containers[1].resources.limits.memory: found nothing, shipped "192Mi". Limits keep one container from taking memory and CPU from the others. Run `make deploy` of this version, or remove the edit',
    },
  ])
})
