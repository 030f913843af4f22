// Mistakes in what has to be as released. test/integration/analyze/as-released.test.ts has thousands more.
import type { Mistakes } from './mistakes.ts'

const policy = 'ValidatingAdmissionPolicy/secure-signing-signer-runs-as-released'
const binding = 'ValidatingAdmissionPolicyBinding/secure-signing-signer-runs-as-released'
const nothing = 'AuthorizationPolicy/signer-allow-nothing'
const other = { matchLabels: { app: 'other' } }
const image = 'spec.variables.4.expression'

export const releasedMistakes: Mistakes = {
  'as-released': {
    'automount by the ServiceAccount': [
      'ServiceAccount/secure-signing',
      'automountServiceAccountToken',
      undefined,
    ],
    'a policy that never runs': [policy, 'spec.matchConditions.0.expression', 'false'],
    'another registry': [policy, image, "'registry.example/other/signer:1'"],
    'an image of the same name in front': [policy, image, "'registry.example/team/signer-fake:1'"],
    'every registry': [policy, image, "''"],
    'a binding for another namespace': [
      binding,
      'spec.matchResources.namespaceSelector.matchLabels.kubernetes~1io/metadata~1name',
      'other',
    ],
    'a binding to another policy': [
      binding,
      'spec.policyName',
      'secure-signing-processes-stay-apart',
    ],
    'a resource that Argo CD skips': [
      binding,
      'metadata.annotations',
      { 'argocd.argoproj.io/hook': 'Skip' },
    ],
    'a listener in the start-up text of Envoy': [
      'ConfigMap/envoy-admin-allowlist',
      'data.custom_bootstrap~1json',
      '{"static_resources": {"listeners": []}}',
    ],
    'no default deny': [nothing, '', undefined],
    'one empty rule, which allows everything': [nothing, 'spec.rules', [{}]],
    'a default deny for another Pod': [nothing, 'spec.selector', other],
    'a default deny for a gateway': [
      nothing,
      'spec.targetRefs',
      [{ kind: 'Gateway', name: 'public' }],
    ],
    'a default deny elsewhere': [nothing, 'metadata.namespace', 'other'],
    'a DENY without rules': [nothing, 'spec.action', 'DENY'],
  },
}
