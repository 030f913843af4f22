// Each policy judges each kind of workload, when it is created and when it is changed. Older ones stay changeable.
import { container as application, keySecret } from '../../../kube/names.ts'
import type { ResourceChange } from '../change-resource.ts'
import { keptKinds, olderKinds, workloadKinds } from '../workloads.ts'
import type { AdmissionCase, Judge } from './case.ts'

const secret = { secretName: keySecret }

/** What one policy refuses, in a Pod of ours. */
const violations: readonly (readonly [policy: Judge, ...changes: ResourceChange[]])[] = [
  [
    'key-stays-in-signer',
    [
      `spec.containers.${application}.volumeMounts.+`,
      { name: 'hmac-key', mountPath: '/run/key', readOnly: true },
    ],
  ],
  ['signer-runs-as-released', ['spec.containers.signer.args', ['--inspect']]],
  ['processes-stay-apart', ['spec.shareProcessNamespace', true]],
  [
    'no-way-around-proxy',
    ['metadata.annotations.traffic~1sidecar~1istio~1io/excludeInboundPorts', '8080'],
  ],
]

export const workloadCases: readonly AdmissionCase[] = violations.flatMap(
  ([refusedBy, ...changes]) => [
    ...workloadKinds.map(
      (kind): AdmissionCase => ({
        name: `a new ${kind} against ${refusedBy}`,
        attempt: { does: 'make', kind, changes },
        refusedBy,
      }),
    ),
    ...keptKinds.map(
      (kind): AdmissionCase => ({
        name: `a changed ${kind} against ${refusedBy}`,
        attempt: { does: 'change a workload', kind, changes },
        refusedBy,
      }),
    ),
  ],
)

/** Where there is no ConfigMap yet, and what two policies refuse. */
export const otherCases: readonly AdmissionCase[] = [
  {
    name: 'a new ConfigMap without a bootstrap',
    attempt: {
      ...{ does: 'change a ConfigMap', name: 'envoy-admin-allowlist' },
      changes: [['data', undefined]],
    },
    refusedBy: 'proxy-bootstrap-as-released',
  },
  ...violations.slice(2).map(
    ([refusedBy, ...changes]): AdmissionCase => ({
      name: `a Pod with the key in a volume of another name against ${refusedBy}`,
      attempt: { does: 'make', pod: { volumes: [{ name: 'other', secret }] }, changes },
      refusedBy,
    }),
  ),
]

/** What users and controllers do with workloads from the time before the policies. */
export const olderCases: readonly AdmissionCase[] = [
  ...keptKinds.map(
    (kind): AdmissionCase => ({
      name: `a changed ${kind}`,
      attempt: {
        ...{ does: 'change a workload', kind },
        changes: [['metadata.labels.team', 'x']],
      },
      refusedBy: 'nobody',
    }),
  ),
  ...olderKinds.map(
    (kind): AdmissionCase => ({
      name: `a label of an older ${kind} that the policies would refuse`,
      attempt: { does: 'label an older workload', kind },
      refusedBy: 'nobody',
    }),
  ),
]

/** What all policies together refuse in a Pod of ours. */
export const everyViolation: readonly ResourceChange[] = [
  ...violations.flatMap(([, ...changes]) => changes),
  ['spec.hostname', 'older'],
]
