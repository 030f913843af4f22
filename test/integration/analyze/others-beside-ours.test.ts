// What others have of Kubernetes' own kinds and of the Gateway API is judged together with our resources.
import { beforeAll, describe, expect, test } from 'vitest'
import { judgeOthers } from '../../../tools/analyze/live/judge-others.ts'
import { formatJudgment } from '../../../tools/analyze/live/judgment.ts'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { othersRule } from '../../../tools/analyze/rules/others-rule.ts'
import { application } from '../../../tools/kube/application.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { renderSample } from '../../support/api-server/sample.ts'

const namespace = 'signing'
let plain: Resource[]
let guarded: Resource[]
beforeAll(async () => {
  plain = (await renderSample()).resources
  guarded = (await renderSample(['network-policy'])).resources
})

const make = (apiVersion: string, kind: string, rest: object, metadata: object = {}): Resource => ({
  ...{ apiVersion, kind, metadata: { name: 'theirs', namespace, ...metadata } },
  ...rest,
})
const judgeAll = (others: readonly Resource[], ours = plain) =>
  judgeOthers([...ours, ...others], {
    ...{
      ours,
      application,
      namespace: 'signing',
      root: 'istio-system',
      gatewayNamespaces: ['edge-system'],
    },
    issuer: 'https://tokens.example',
  }).map((each) => `${each.severity}: ${formatJudgment(each)}`)

const allow = (spec: object) =>
  make('networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: {}, ...spec } })
const bind = (kind: string, role: string, subject: object) =>
  make('rbac.authorization.k8s.io/v1', kind, {
    roleRef: { kind: 'Role', name: role },
    subjects: [subject],
  })
const role = (name: string, rule: object) =>
  make('rbac.authorization.k8s.io/v1', 'Role', { rules: [{ apiGroups: [''], ...rule }] }, { name })
const account = (name: string) => ({ kind: 'ServiceAccount', name, namespace })
const user = { kind: 'User', name: 'somebody' }
const container = { name: 'main', image: 'example' }
const pod = (spec: object, metadata: object = {}) =>
  make('v1', 'Pod', { spec: { containers: [container], ...spec } }, metadata)
const projected = (source: object) => ({
  volumes: [{ name: 'v', projected: { sources: [source] } }],
})
const ourPod = { labels: { app: 'secure-signing' }, ownerReferences: [{ name: 'maker', uid: '1' }] }
const maker = make(
  'apps/v1',
  'ReplicaSet',
  { spec: { template: { spec: { containers: [container] } } } },
  { name: 'maker' },
)
const slice = (labels: object) =>
  make(
    'discovery.k8s.io/v1',
    'EndpointSlice',
    { endpoints: [{ addresses: ['192.0.2.7'] }] },
    { labels: { 'kubernetes.io/service-name': 'frontend', ...labels } },
  )
const httpRoute = (spec: object, place: string) =>
  make('gateway.networking.k8s.io/v1', 'HTTPRoute', { spec }, { namespace: place })
const backendRefs = [{ name: 'frontend', namespace, port: 8080 }]

test.each<[what: string, others: readonly Resource[], expected: RegExp, needs?: 'network-policy']>([
  [
    'a NetworkPolicy that allows everything in',
    [allow({ ingress: [{}] })],
    /^weakens: NetworkPolicy signing\/theirs: it allows connections from everywhere/,
    'network-policy',
  ],
  [
    'one that allows all namespaces',
    [allow({ ingress: [{ from: [{ namespaceSelector: {} }] }] })],
    /^weakens: .* from everywhere/,
    'network-policy',
  ],
  [
    'one that allows all addresses out',
    [allow({ egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] })],
    /^weakens: .* to everywhere/,
    'network-policy',
  ],
  [
    'one that allows some',
    [allow({ ingress: [{ from: [{ podSelector: {} }] }] })],
    /^note: .* from some peers/,
    'network-policy',
  ],
  ['one where we have none', [allow({})], /^note: .*blocks what it does not allow/],
  [
    'rights of our ServiceAccount',
    [bind('RoleBinding', 'x', account('secure-signing'))],
    /^weakens: RoleBinding .*gives secure-signing the rights of Role x/,
  ],
  [
    'rights of all ServiceAccounts of the namespace',
    [bind('ClusterRoleBinding', 'x', { kind: 'Group', name: 'system:serviceaccounts:signing' })],
    /^weakens: ClusterRoleBinding/,
  ],
  [
    'somebody who can read Secrets',
    [
      role('reader', { resources: ['secrets'], verbs: ['get'] }),
      bind('RoleBinding', 'reader', user),
    ],
    /^note: RoleBinding .*somebody can read the key/,
  ],
  [
    'somebody who can add a container to our Pods, by the wildcard of a subresource',
    [
      role('debugger', { resources: ['*/ephemeralcontainers'], verbs: ['update'] }),
      bind('RoleBinding', 'debugger', user),
    ],
    /^note: RoleBinding .*somebody can add a container beside the signer/,
  ],
  [
    'somebody who can do everything',
    [
      role('all', { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }),
      bind('RoleBinding', 'all', user),
    ],
    /read the key and issue the application's tokens/,
  ],
  [
    'a Pod with the key',
    [pod({ volumes: [{ name: 'v', secret: { secretName: 'hmac-key' } }] })],
    /^breaks: Pod .*read the key/,
  ],
  [
    'a Pod with the key in a projected volume',
    [pod(projected({ secret: { name: 'hmac-key' } }))],
    /^breaks: Pod .*read the key/,
  ],
  [
    'a Pod with a token for the signer',
    [pod(projected({ serviceAccountToken: { audience: 'signer' } }))],
    /^breaks: Pod .*token for the signer/,
  ],
  [
    'an ephemeral container in our Pod',
    [maker, pod({ ephemeralContainers: [{ name: 'debug', image: 'x' }] }, ourPod)],
    /^weakens: Pod .*ephemeral container debug/,
  ],
  [
    'another image in our Pod',
    [maker, pod({ containers: [{ ...container, image: 'other' }] }, ourPod)],
    /^weakens: Pod .*main runs other, and its ReplicaSet has example/,
  ],
  ['addresses of somebody for our Service', [slice({})], /^weakens: EndpointSlice .*192\.0\.2\.7/],
  [
    'a door to our Pods',
    [
      make('v1', 'Service', {
        spec: { type: 'NodePort', selector: { app: 'secure-signing' }, ports: [{ port: 8080 }] },
      }),
    ],
    /^note: Service .*from outside/,
  ],
  [
    'a route of another namespace to other paths',
    [httpRoute({ rules: [{ backendRefs }] }, 'elsewhere')],
    /^weakens: HTTPRoute elsewhere\/theirs: every path is public/,
  ],
  [
    'a route that takes over calls inside of the mesh',
    [httpRoute({ parentRefs: [{ kind: 'Service', group: '', name: 'frontend' }] }, namespace)],
    /^weakens: HTTPRoute .*decides where calls of the mesh/,
  ],
  [
    'a grant for our Secret',
    [
      make('gateway.networking.k8s.io/v1beta1', 'ReferenceGrant', {
        spec: { from: [{ kind: 'Gateway', namespace: 'elsewhere' }], to: [{ kind: 'Secret' }] },
      }),
    ],
    /^weakens: ReferenceGrant .*lets elsewhere refer/,
  ],
])('is judged: %s', (_, others, expected, needs) => {
  const found = judgeAll(others, needs === undefined ? plain : guarded)
  expect(found).toEqual([expect.stringMatching(expected)])
})

test.each<[what: string, others: readonly Resource[]]>([
  [
    'a NetworkPolicy of other Pods',
    [allow({ podSelector: { matchLabels: { app: 'other' } }, ingress: [{}] })],
  ],
  ['a NetworkPolicy that allows nothing', [allow({ policyTypes: ['Ingress'] })]],
  ['rights of somebody else', [bind('RoleBinding', 'x', account('other'))]],
  [
    'rights of our name in another namespace',
    [bind('ClusterRoleBinding', 'x', { ...account('secure-signing'), namespace: 'other' })],
  ],
  [
    'a role for another Secret',
    [
      role('reader', { resources: ['secrets'], resourceNames: ['other'], verbs: ['get'] }),
      bind('RoleBinding', 'reader', user),
    ],
  ],
  ['a Pod of others', [pod({ volumes: [{ name: 'v', secret: { secretName: 'other' } }] })]],
  [
    'a Pod with the key that has ended',
    [
      make('v1', 'Pod', {
        spec: {
          containers: [container],
          volumes: [{ name: 'v', secret: { secretName: 'hmac-key' } }],
        },
        status: { phase: 'Succeeded' },
      }),
    ],
  ],
  [
    'our Pod as it was made, with what a webhook added',
    [maker, pod({ containers: [container, { name: 'istio-proxy', image: 'proxy' }] }, ourPod)],
  ],
  [
    'addresses of the controller',
    [slice({ 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' })],
  ],
  [
    'a Service of others',
    [
      make('v1', 'Service', {
        spec: { type: 'NodePort', selector: { app: 'other' }, ports: [{ port: 8080 }] },
      }),
    ],
  ],
  [
    'a route to others',
    [httpRoute({ rules: [{ backendRefs: [{ name: 'frontend', port: 8080 }] }] }, 'elsewhere')],
  ],
])('is not judged: %s', (_, others) => {
  expect(judgeAll(others, guarded)).toEqual([])
})

describe('rights in the files', () => {
  const rbac = 'rbac.authorization.k8s.io/v1'
  const grant = (resources: string[], verbs: string[], resourceNames: string[] = []) => ({
    ...{ apiGroups: [''], resources, verbs, resourceNames },
  })
  const ofCluster = (rules: object[], metadata: object = {}, rest: object = {}): Resource => ({
    ...{ apiVersion: rbac, kind: 'ClusterRole', metadata: { name: 'theirs', ...metadata }, rules },
    ...rest,
  })
  const bindCluster = (kind: string, place?: string, name = 'theirs'): Resource => ({
    ...{ apiVersion: rbac, kind, metadata: { name: `of-${name}`, namespace: place } },
    ...{ roleRef: { kind: 'ClusterRole', name }, subjects: [user] },
  })
  const find = (...others: Resource[]) => applyRules([othersRule], [...plain, ...others])
  const harmless = grant(['configmaps', 'pods/log'], ['*'])
  const debugs = grant(['pods/ephemeralcontainers'], ['patch'])
  const readsKey = grant(['secrets'], ['get'], ['other', 'hmac-key'])
  const aggregates = (part: string, value = 'true') => ({
    labels: { [`rbac.authorization.k8s.io/aggregate-to-${part}`]: value },
  })

  test.each<[what: string, rule: object, effect: string]>([
    ['patch ephemeral containers', debugs, 'add a container beside the signer'],
    ['update them', grant(['pods/ephemeralcontainers'], ['update']), 'add a container'],
    ['do all with a subresource', grant(['*/ephemeralcontainers'], ['*']), 'add a container'],
    ['read Secrets', grant(['secrets'], ['list']), 'read the key'],
    ['read the key by its name', readsKey, 'read the key'],
    ['create tokens', grant(['serviceaccounts/token'], ['create']), 'tokens'],
    ['create any token', grant(['*/token'], ['create']), 'tokens'],
    [
      'create tokens of our account',
      grant(['serviceaccounts/token'], ['create'], ['secure-signing']),
      "issue the application's tokens: set resourceNames to other ServiceAccounts",
    ],
    [
      'do all',
      { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      "read the key, and issue the application's tokens, and add a container beside the signer, in its network namespace: list only the resources that it needs",
    ],
  ])('a Role, or a ClusterRole that is bound, must not %s', (_, rule, effect) => {
    const expected = [{ path: ['rules', 1], message: expect.stringContaining(effect) }]
    const ours = make(rbac, 'Role', { rules: [harmless, rule] })
    expect(find(ours)).toMatchObject([{ ...expected[0], resource: { kind: 'Role' } }])
    const role = ofCluster([harmless, rule])
    expect(find(role, bindCluster('ClusterRoleBinding'))).toMatchObject(expected)
    expect(find(bindCluster('RoleBinding', namespace), role)).toMatchObject(expected)
    expect(find(role)).toEqual([])
  })

  test.each<[what: string, rule: object]>([
    ['read ephemeral containers', grant(['pods/ephemeralcontainers'], ['get'])],
    ['patch Pods', grant(['pods'], ['patch'])],
    ['patch what Kubernetes has no such wildcard for', grant(['pods/*'], ['patch'])],
    ['read another Secret', grant(['secrets'], ['get'], ['other'])],
    ['create tokens of others', grant(['*/token'], ['create'], ['reports'])],
    ['review tokens', { ...grant(['*'], ['create']), apiGroups: ['authentication.k8s.io'] }],
  ])('they may %s', (_, rule) => {
    expect(find(make(rbac, 'Role', { rules: [rule] }))).toEqual([])
    expect(find(ofCluster([rule]), bindCluster('ClusterRoleBinding'))).toEqual([])
  })

  test('a ClusterRole counts as bound by the labels that add it to another one', () => {
    for (const part of ['view', 'edit', 'admin']) {
      expect(find(ofCluster([debugs], aggregates(part))), part).toHaveLength(1)
    }
    const clusterRoleSelectors = [{ matchLabels: { team: 'support' } }]
    const whole = ofCluster([], { name: 'whole' }, { aggregationRule: { clusterRoleSelectors } })
    const part = ofCluster([debugs], { labels: { team: 'support' } })
    expect(find(whole, part, bindCluster('ClusterRoleBinding', undefined, 'whole'))).toHaveLength(1)
    expect(find(whole, part)).toEqual([])
  })

  test('one that nobody has in our namespace is not ours to judge', () => {
    const role = ofCluster([debugs, readsKey], aggregates('edit', 'false'))
    expect(find(role)).toEqual([])
    expect(find(role, bindCluster('RoleBinding', 'elsewhere'))).toEqual([])
    expect(find(role, bindCluster('ClusterRoleBinding', undefined, 'other'))).toEqual([])
    expect(find(make(rbac, 'Role', { rules: [debugs] }, { namespace: 'elsewhere' }))).toEqual([])
  })
})
