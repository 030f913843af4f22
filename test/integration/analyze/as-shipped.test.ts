// Single changes of the mesh and of all else beside the Pods and the admission policies: `make analyze` notices each, or there is a
// reason. For the likeliest mistakes, the finding says what they open.
import { expect, test } from 'vitest'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { rules } from '../../../tools/analyze/rules.ts'
import { applyChange, type Change } from '../../support/mistakes/mistakes.ts'
import { createNotice } from '../../support/mutations/noticed.ts'
import { explainUnnoticed } from '../../support/mutations/reasons.ts'
import { renderChanges, renderShipment } from '../../support/mutations/renderings.ts'

const overlay = 'default'
/** Other tests are about these. */
const elsewhere = /^(Deployment|ValidatingAdmissionPolicy(Binding)?)\//

test('every change of the default layout is noticed, or there is a reason', async () => {
  const { resources, mutations } = await renderChanges(overlay)
  const notice = createNotice(resources, true)
  const ours = mutations.filter((each) => !elsewhere.test(each.name))
  expect(ours.length).toBeGreaterThan(1_500)
  const unnoticed = ours.filter((each) => notice(each.resources()).length === 0)
  const names = unnoticed.map((each) => each.name)
  expect(names.filter((each) => explainUnnoticed(overlay, each) === undefined)).toEqual([])
})

const operation = 'spec.rules.0.to.0.operation'
const caller = 'AuthorizationPolicy/signer-allow-caller'

test.each<[mistake: string, change: Change, effect: string]>([
  [
    'mTLS PERMISSIVE',
    ['PeerAuthentication/signer-require-mtls', 'spec.mtls.mode', 'PERMISSIVE'],
    'Only STRICT refuses plain text',
  ],
  [
    'a policy that Istio only logs',
    [caller, 'metadata.annotations', { 'istio.io/dry-run': 'true' }],
    'Istio only logs what the policy decides',
  ],
  [
    'no caller token',
    [caller, 'spec.rules.0.from.0.source.requestPrincipals', undefined],
    'A request without the caller token may pass',
  ],
  [
    'a second gateway in another namespace',
    [
      'AuthorizationPolicy/signer-allow-gateway',
      'spec.rules.0.from.0.source.principals.+',
      'mesh.example/ns/other/sa/default',
    ],
    'Another identity may send these requests',
  ],
  [
    'one more public path',
    ['AuthorizationPolicy/signer-allow-gateway', `${operation}.paths.+`, '/metrics'],
    'not the declared routes of the application',
  ],
  [
    'no DENY for others',
    ['AuthorizationPolicy/signer-deny-others', '', undefined],
    "Denies what somebody else's ALLOW policy would open",
  ],
  [
    'tokens of another audience',
    ['RequestAuthentication/signer-authenticate-caller', 'spec.jwtRules.0.audiences.+', 'other'],
    'Tokens of another issuer, for another audience or from another place may pass',
  ],
  [
    'any address outside',
    ['Sidecar/signer', 'spec.outboundTrafficPolicy.mode', 'ALLOW_ANY'],
    'The Pod may call addresses that no Sidecar imports',
  ],
  [
    'Pods with more rights',
    ['Namespace/signing', 'metadata.labels.pod-security~1kubernetes~1io/enforce', 'baseline'],
    'pod-security.kubernetes.io/enforce is ',
  ],
  [
    'a caller token of a client',
    ['VirtualService/frontend', 'spec.http.0.headers', undefined],
    'without the header caller-token of clients',
  ],
])('the finding says what it opens: %s', async (_, change, effect) => {
  const found = applyRules(rules, applyChange(await renderShipment(overlay), change))
  expect(found).toHaveLength(1)
  expect(found[0]?.message).toContain(effect)
})
