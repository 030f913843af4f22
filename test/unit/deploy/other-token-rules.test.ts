// `make deploy` notes the token rules of others that meet the caller token, and no others.
import { expect, test } from 'vitest'
import { judgeOthers } from '../../../tools/analyze/live/judge-others.ts'
import { formatJudgment } from '../../../tools/analyze/live/judgment.ts'
import { application } from '../../../tools/kube/application.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import type { TokenRule } from '../../../tools/kube/token-rules.ts'

const issuer = 'https://kubernetes.default.svc.cluster.local'
const namespace = 'signing'
const labels = { app: 'secure-signing' }
const resources: Resource[] = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'secure-signing', namespace },
    spec: { template: { metadata: { labels: { ...labels, more: 'yes' } } } },
  },
  {
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { name: 'signer-authenticate-caller', namespace },
  },
]
type Rule = Partial<TokenRule>
const rule = (change: Rule) => ({
  ...{ issuer: 'https://users.example', audiences: [], forwardOriginalToken: false },
  ...{ fromHeaders: [], fromParams: [], fromCookies: [] },
  ...change,
})
const policy = (
  jwtRules: Rule[],
  spec: Record<string, unknown> = {},
  metadata = { name: 'theirs', namespace },
): Resource => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'RequestAuthentication',
  metadata,
  spec: {
    ...{ selector: { matchLabels: labels }, jwtRules: jwtRules.map(rule) },
    ...spec,
  },
})
const describe = (found: Resource, leaving: Resource[] = []) =>
  judgeOthers([found], {
    ...{ ours: resources, application, leaving, issuer },
    ...{ namespace: 'signing', root: 'istio-system', gatewayNamespaces: [] },
  }).map(formatJudgment)

const authorization = [{ name: 'Authorization', prefix: 'Bearer ' }]
const ofUs = { issuer, audiences: ['signer'], fromHeaders: authorization }

test.each<[string, Resource, string]>([
  ['reads our header', policy([{ fromHeaders: [{ name: 'caller-token' }] }]), 'reads Caller-Token'],
  ['has our issuer and any audience', policy([{ issuer }]), 'takes caller tokens from another'],
  ['has our audience', policy([{ audiences: ['other', 'signer'] }]), 'takes caller tokens from'],
  ['has it in its second rule', policy([{}, ofUs]), 'takes caller tokens from another place'],
  [
    'applies to every Pod',
    policy([ofUs], { selector: { matchLabels: {} } }, { name: 'x', namespace: 'istio-system' }),
    'RequestAuthentication istio-system/x: it takes caller tokens',
  ],
  [
    'is that of an earlier version, and was not applied by make deploy',
    policy([ofUs], {}, { name: 'verify-caller-token', namespace }),
    'If an earlier version left it, delete it',
  ],
])('notes a RequestAuthentication that %s', (_, found, text) => {
  expect(describe(found)).toEqual([expect.stringContaining(text)])
})

test.each<[string, Resource]>([
  ['is for users', policy([{ fromHeaders: authorization, audiences: ['application'] }])],
  ['is for users, of any audience', policy([{}])],
  ['has our issuer and its own audience', policy([{ issuer, audiences: ['application'] }])],
  ['is for other Pods', policy([ofUs], { selector: { matchLabels: { app: 'other' } } })],
  ['is for a gateway', policy([ofUs], { selector: { matchLabels: {} }, targetRefs: [{}] })],
  ['is ours', policy([ofUs], {}, { name: 'signer-authenticate-caller', namespace })],
])('does not note one that %s', (_, found) => {
  expect(describe(found)).toEqual([])
})

test('does not note one that this deployment removes', () => {
  const found = policy([ofUs], {}, { name: 'verify-caller-token', namespace })
  expect(describe(found, [found])).toEqual([])
})
