// On an API server, the component monitoring counts each change of Kubernetes' own kinds, for the kind. It counts no dry run, no
// request that changes nothing, no controller, and nothing of others. It refuses nothing.
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import type { Api } from '../../../tools/verify/admission/api-server/api.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const known = /^(Namespace|ServiceAccount|Service|ConfigMap|Deployment|NetworkPolicy|Role)$/
const counting = /-changes-are-counted$|-counts-changes-of-/
const counter =
  /^apiserver_validating_admission_policy_check_total\{enforcement_action="audit".*changes-of-([a-z-]+)"\} (\d+)$/gm
const here = ['-n', namespace]
const label = (...what: string[]) => ['label', ...what, ...here, 'more=yes', '--overwrite']
const merge = (body: unknown) => ['--type=merge', '-p', JSON.stringify(body)]
const pod = (metadata: object, spec: object) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, namespace } },
  spec: { containers: [{ name: 'main', image: 'example' }], ...spec },
})
const slice = (name: string) => ({
  ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
  metadata: { name, namespace, labels: { 'kubernetes.io/service-name': 'frontend' } },
  ...{ endpoints: [{ addresses: ['192.0.2.7'] }], ports: [] },
})
const deployment = ['deployment', 'secure-signing']
const controller = [
  '--as=system:serviceaccount:kube-system:some-controller',
  '--as-group=system:masters',
]

type Case = readonly [what: string, args: readonly string[], input?: object]
const counted: Readonly<Record<string, readonly Case[]>> = {
  network: [
    [
      'a NetworkPolicy that gets a rule',
      ['patch', 'networkpolicy', 'signer-deny-all', ...here, ...merge({ spec: { ingress: [{}] } })],
    ],
    ['a NetworkPolicy that is deleted', ['delete', 'networkpolicy', 'signer-allow-dns', ...here]],
    [
      'a Service that selects other Pods',
      ['patch', 'service', 'frontend', ...here, ...merge({ spec: { selector: { more: 'yes' } } })],
    ],
    [
      'an annotation of a Service',
      ['annotate', 'service', 'frontend', ...here, 'networking.istio.io/exportTo=.', '--overwrite'],
    ],
    ['an EndpointSlice of a Service', ['create', '-f', '-'], slice('theirs')],
  ],
  access: [
    [
      'a RoleBinding',
      ['create', 'rolebinding', 'theirs', ...here, '--clusterrole=edit', '--user=theirs'],
    ],
    ['a Role that gets a rule', ['patch', 'role', 'deployer', ...here, ...merge({ rules: [] })]],
    ['a ServiceAccount', ['create', 'serviceaccount', 'theirs', ...here]],
  ],
  namespaces: [
    [
      'a label of the namespace',
      [
        'label',
        'namespace',
        namespace,
        'pod-security.kubernetes.io/enforce=privileged',
        '--overwrite',
      ],
    ],
    [
      'an annotation of the namespace',
      ['annotate', 'namespace', namespace, 'linkerd.io/inject=enabled'],
    ],
  ],
  'config-maps': [
    [
      'a ConfigMap of ours',
      [
        'patch',
        'configmap',
        'envoy-admin-allowlist',
        ...here,
        ...merge({ data: { more: 'text' } }),
      ],
    ],
    ['a freeze', ['create', 'configmap', 'signer-freeze', ...here]],
  ],
  workloads: [
    [
      'a Deployment with a signer',
      [
        'patch',
        ...deployment,
        ...here,
        ...merge({ spec: { template: { spec: { hostPID: true } } } }),
      ],
    ],
    ['a restart', ['rollout', 'restart', ...deployment, ...here]],
    [
      'a Pod that policies select',
      ['create', '-f', '-'],
      pod({ name: 'labelled', labels: { 'secure-signing.dev/protected': 'true' } }, {}),
    ],
    [
      'a Pod with the key',
      ['create', '-f', '-'],
      pod({ name: 'with-key' }, { volumes: [{ name: 'key', secret: { secretName: 'hmac-key' } }] }),
    ],
    [
      'a Pod that loses the label',
      ['label', 'pod', 'labelled', ...here, 'secure-signing.dev/protected-'],
    ],
    ['a Deployment that is deleted', ['delete', ...deployment, ...here, '--wait=false']],
  ],
}
const ignored: readonly Case[] = [
  ['a dry run', ['delete', 'networkpolicy', 'signer-deny-all', ...here, '--dry-run=server']],
  [
    'the same again',
    ['label', 'namespace', namespace, `kubernetes.io/metadata.name=${namespace}`, '--overwrite'],
  ],
  ['an annotation of a Deployment', ['annotate', ...deployment, ...here, 'more=yes']],
  ['an autoscaler', ['scale', ...deployment, ...here, '--replicas=3']],
  ['a controller of Kubernetes', [...label(...deployment), ...controller]],
  ['an EndpointSlice of a controller', ['create', '-f', '-', ...controller], slice('ours')],
  ['a ConfigMap of others', ['create', 'configmap', 'theirs', ...here]],
  ['a Pod of others', ['create', '-f', '-'], pod({ name: 'theirs' }, {})],
  ['a Deployment of others', ['create', 'deployment', 'theirs', ...here, '--image=example']],
  ['another namespace', ['create', 'serviceaccount', 'theirs', '-n', 'default']],
]

describe('on an API server', needsLocalPrograms, () => {
  let api: Api
  beforeAll(async () => {
    api = (await useBareApiServer(['--disable-admission-plugins=ServiceAccount'])).api
    const { resources } = await renderSample(['deployer', 'monitoring', 'network-policy'])
    const isCounting = ({ metadata }: Resource) => counting.test(metadata.name)
    for (const each of resources.filter(({ kind }) => known.test(kind))) {
      const metadata = { ...each.metadata, labels: withoutRestriction(each) }
      await api.apply({ ...each, metadata })
    }
    for (const each of resources.filter(isCounting)) await api.apply(each)
    await vi.waitUntil(
      async () => {
        await kubectl(label('role', 'deployer'))
        await kubectl(['label', 'role', 'deployer', ...here, 'more-'])
        return (await count()).access !== undefined
      },
      { timeout: 30_000, interval: 200 },
    )
  })
  const count = async (): Promise<Record<string, number>> => {
    const { said } = await api.send({ method: 'GET', path: '/metrics' })
    const found = [...said.matchAll(counter)].map(([, kind = '', value]) => [kind, Number(value)])
    return Object.fromEntries(found)
  }
  const make = ([, args, input]: Case) =>
    kubectl(args, input === undefined ? {} : { input: JSON.stringify(input) })

  test.each(ignored.map(nameCase))('does not count $what', async ({ each }) => {
    const before = await count()
    await make(each)
    expect(await count()).toEqual(before)
  })

  describe.each(Object.entries(counted))('%s', (kind, cases) => {
    test.each(cases.map(nameCase))('counts $what', async ({ each }) => {
      const before = await count()
      await make(each)
      expect(await count()).toEqual({ ...before, [kind]: (before[kind] ?? 0) + 1 })
    })
  })

  test('does not count a Pod of ours that is deleted', async () => {
    const before = await count()
    await make(['', ['delete', 'pod', 'with-key', ...here, '--now']])
    expect(await count()).toEqual(before)
  })
})

function nameCase(each: Case) {
  return { what: each[0], each }
}

/** The test's own Pods are not restricted. */
function withoutRestriction({ kind, metadata }: Resource): Record<string, string> {
  const labels = Object.entries(metadata.labels ?? {})
  return Object.fromEntries(
    labels.filter(([name]) => kind !== 'Namespace' || !name.startsWith('pod-security')),
  )
}
