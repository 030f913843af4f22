// Single changes of all that we ship but the Pods and the admission policies, and resources of other teams: `make analyze` notices
// each, or there is a reason.
import { expect, test } from 'vitest'
import { sampleMutations } from '../../support/mutations/list-mutations.ts'
import { createNotice } from '../../support/mutations/noticed.ts'
import { renderChanges, shipments } from '../../support/mutations/renderings.ts'

const seed = 26
const sampleSize = 120
const [all = '', ...sampled] = Object.keys(shipments)
/** Other tests are about these. */
const elsewhere = /^(Deployment|ValidatingAdmissionPolicy(Binding)?)\//

/** Why a change goes unnoticed. */
const reasons: readonly (readonly [change: RegExp, reason: string])[] = [
  [/ metadata\.labels/, 'no decision depends on a label of a tool, and GitOps tools add theirs'],
  [/ metadata\.annotations(?!.* set to)/, 'no decision depends on the annotation of a tool'],
  [/ metadata\.namespace signing deleted$/, 'a resource without a namespace is taken as ours'],
  [
    /^Namespace\/\S+( deleted$| kind | metadata\.name(space)? )/,
    'a namespace may be in another repository. Without it, the API server refuses the rest',
  ],
  [/ (secrets|imagePullSecrets) \+/, 'Kubernetes or a registry needs it, and no container gets it'],
  [
    /^DestinationRule\/frontend metadata\.name /,
    'Istio finds the rule by its host, under any name',
  ],
  [
    /^DestinationRule\/\S+ spec\.trafficPolicy\.(connectionPool|outlierDetection|loadBalancer)/,
    'time-outs and load balancing decide nothing about access',
  ],
  [
    /^Gateway\/public spec\.(selector|servers)/,
    'labels, hosts, ports and certificates of the gateway belong to the user',
  ],
  [
    /^VirtualService\/\S+ spec\.(hosts|http\[0\]\.(timeout|retries|corsPolicy|headers\.response|route\[0\]\.destination\.port .* deleted))/,
    'hosts, time-outs and answers to browsers belong to the user. A Service with one port needs no number',
  ],
  [
    / spec\.action ALLOW deleted$| forwardOriginalToken false deleted$|protocol TCP deleted$/,
    'it is the default',
  ],
  [
    /^NetworkPolicy\/signer-allow-\S+ .*matchLabels\S* \S+ → \S+x$/,
    'only the cluster knows its gateway and istiod. Others are refused',
  ],
  [
    /^AuthorizationPolicy\/signer-allow-gateway spec\.rules\[0\]\.from\[0\]\.source\.principals\[0\] .*x$/,
    'only the cluster knows its gateway. Any other identity is refused',
  ],
  [
    /^RequestAuthentication\/\S+ spec\.jwtRules\[\d\]\.jwks/,
    'only the cluster knows its keys. Another key verifies no token of the cluster',
  ],
  [
    /^\+ (Role\/added-debugs|Pod\/added-on-the-node|MutatingWebhookConfiguration|Secret\/added-token)/,
    'admission policies and Pod Security refuse what it can do to our Pods, and Istio its token',
  ],
  [
    /^\+ (Service\/added-node-port|NetworkPolicy|PeerAuthentication\/added-(root|permissive)|AuthorizationPolicy\/added-allow-service)/,
    'our policies decide as before: mTLS is STRICT, and no other policy selects our Pods',
  ],
  [/^\+ \S+ in other$|^\+ DestinationRule\/added-plain-root/, 'it is for other Pods'],
  [
    /^\+ (VirtualService\/added-mesh|Sidecar\/added-namespace|ServiceEntry\/added-(selects-ours|egress)|Gateway|Telemetry|ProxyConfig|ConfigMap\/added-)/,
    'ours wins, or nobody uses it',
  ],
  [
    /^\+ (LimitRange|ResourceQuota)/,
    'the API server refuses the Pods, and `make deploy` says so. Nothing opens',
  ],
]

async function listUnnoticed(name: string, size?: number): Promise<string[]> {
  const { resources, mutations } = await renderChanges(name)
  const notice = createNotice(resources, shipments[name]?.isMeshed ?? true)
  const ours = mutations.filter((each) => !elsewhere.test(each.name))
  const drawn = size === undefined ? ours : sampleMutations(ours, size, seed)
  return drawn.filter((each) => notice(each.resources()).length === 0).map((each) => each.name)
}

const isExplained = (name: string) => reasons.some(([change]) => change.test(name))

test(`every change of ${all} is noticed, or there is a reason`, async () => {
  const unnoticed = await listUnnoticed(all)
  expect(unnoticed.filter((name) => !isExplained(name))).toEqual([])
  for (const [change, reason] of reasons) {
    expect(
      unnoticed.filter((name) => change.test(name)),
      reason,
    ).not.toEqual([])
  }
})

test.each(sampled)(
  `${sampleSize} changes of %s are noticed, or there is a reason`,
  async (name) => {
    const unnoticed = await listUnnoticed(name, sampleSize)
    expect(unnoticed.filter((each) => !isExplained(each))).toEqual([])
  },
)
