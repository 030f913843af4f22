// What README and security model promise of operation, components and builds, and what they say of the risks that remain.
import { compromised, faults, type Promised } from './entries.ts'

const operation: readonly Promised[] = [
  {
    promise:
      'No answer leaves the signer before its audit line, which names the caller as the proxy verified it.',
    shownBy: [
      [
        'test/process/audit-blocked.test.ts',
        'signs nothing while its output is blocked, and continues afterwards',
      ],
      ['test/unit/signer/audit.test.ts', 'each request'],
      [
        'test/policy/holds-without-policies.test.ts',
        'each is in the audit log under its verified name, not the name that it claims',
      ],
    ],
  },
  {
    promise:
      'No request fails while keys, tokens and Pods are replaced, or istiod or kubelet is down. Killed services are back within 5 s, Envoy within 15 s. Nobody gains access meanwhile.',
    shownBy: [faults],
  },
  {
    promise:
      'A stopping service loses no accepted request. Whatever happens to the signer, the frontend answers within a second.',
    shownBy: [['test/process/stops-under-load.test.ts'], ['test/process/answers-in-time.test.ts']],
  },
  {
    promise: 'Too much, too long or too slow requests get 503, 413 or 408, within bounded memory.',
    shownBy: [
      ['test/process/signer/limits.test.ts'],
      ['test/unit/signer/overload.test.ts'],
      faults,
    ],
  },
  {
    promise: 'A signature equals the one of OpenSSL and Python.',
    shownBy: [['test/process/signing-properties.test.ts']],
  },
  {
    promise: 'Input outside the contract is refused, and no part of it is repeated.',
    shownBy: [['test/process/schema-abuse.test.ts'], ['test/process/signer/limits.test.ts']],
  },
  {
    promise:
      'A key rotation loses no request and makes no signature that does not verify, wherever a run is interrupted, also with Vault.',
    shownBy: [
      ['test/unit/deploy/rotate.test.ts'],
      ['test/integration/commands/rotate-key.test.ts'],
      faults,
      ['test/vault/vault.test.ts'],
    ],
  },
  {
    promise: 'A trace of the caller reaches the audit line. Malformed trace headers reach nothing.',
    shownBy: [['test/process/trace.test.ts'], ['test/policy/passes-traces-on.test.ts']],
  },
  {
    promise: 'make deploy changes nothing where it cannot work.',
    shownBy: [['test/integration/commands/refusals.test.ts']],
  },
]

const components: readonly Promised[] = [
  {
    promise: 'With seccomp, native code starts no process, and mounts, traces and loads nothing.',
    shownBy: [['test/confinement/confinement.test.ts'], ['test/process/confined.test.ts']],
  },
  {
    promise: 'With network-policy, where it is enforced, other Pods cannot even connect.',
    shownBy: [['test/confinement/network-policy.test.ts']],
  },
  {
    promise:
      'With selinux, an admission policy refuses what Pod Security restricted refused. The signer runs under no other type.',
    shownBy: [
      ['test/integration/admission/pods-stay-restricted.test.ts'],
      ['test/integration/admission/selinux-admission.test.ts'],
    ],
  },
  {
    promise: 'With external-secrets-aws, only External Secrets can read the key at the manager.',
    shownBy: [['test/external-secrets/external-secrets.test.ts']],
  },
  {
    promise: 'With vault, only the agent can read the key at Vault.',
    shownBy: [['test/vault/vault.test.ts'], ['test/integration/admission/vault-admission.test.ts']],
  },
  {
    promise: 'With monitoring, each alert fires for its fault and ends after it.',
    shownBy: [
      ['test/monitoring/monitoring.test.ts'],
      ['test/integration/components/alerts.test.ts'],
    ],
  },
  {
    promise: 'Every two components that fit together keep every analyzer rule.',
    shownBy: [['test/integration/components/combinations.test.ts']],
  },
]

const builds: readonly Promised[] = [
  {
    promise: 'An image that is built twice has one digest.',
    shownBy: [['test/integration/commands/release.test.ts']],
  },
  {
    promise: 'No npm package runs a script at installation or lacks a hash.',
    shownBy: [['test/unit/release/lockfile.test.ts']],
  },
  {
    promise: 'No licence ships except the listed ones.',
    shownBy: [['test/unit/release/licences.test.ts']],
  },
  {
    promise: 'make audit fails on a known vulnerability.',
    shownBy: [['test/process/release/audit.test.ts']],
  },
  {
    promise: 'Neither service imports the other, and its bundle contains nothing of the other.',
    shownBy: [['test/unit/repository/import-boundaries.test.ts'], ['test/process/bundles.test.ts']],
  },
]

const risks: readonly Promised[] = [
  {
    promise: 'A compromised frontend gets signatures. Each is in the audit log.',
    shownBy: [['test/unit/signer/audit.test.ts', 'each request']],
  },
  {
    promise:
      'It can give its pairing secret to a Pod with the same ServiceAccount, which is then served.',
    shownBy: [
      [
        'test/policy/refuses-other-frontends.test.ts',
        'another Pod with the same ServiceAccount and the pairing secret',
      ],
      ['tools/analyze/rules/account-rules.ts'],
    ],
  },
  {
    promise: 'It can stop its own Pod’s signing for at most 15 s.',
    shownBy: [[`${compromised}/at-the-agent.test.ts`, 'signing is back within 15 s']],
  },
  {
    promise: 'It can hold requests open without getting a signature.',
    shownBy: [['test/policy/refuses-other-methods.test.ts']],
  },
  {
    promise: 'It can send data out of the Pod only around the proxy, or by DNS.',
    shownBy: [
      [
        `${compromised}/at-the-api-server.test.ts`,
        'cannot reach it from the Pod, because the proxy imports no such service',
      ],
      [
        'test/confinement/network-policy.test.ts',
        'a Pod of the namespace reaches DNS and istiod’s one port, and not the API server',
      ],
    ],
  },
  {
    promise: 'A policy change applies to new connections at once.',
    shownBy: [['test/policy/holds-without-one.test.ts']],
  },
  {
    promise: 'As separate Pods, the frontend’s ServiceAccount and a token of it suffice.',
    shownBy: [
      [
        'test/separate-pods/separate-pods.test.ts',
        'with every policy of the mesh deleted, the signer still refuses other callers',
      ],
    ],
  },
  {
    promise: 'On Linkerd, the socket’s mount and the pairing hold.',
    shownBy: [
      [
        'test/policy/at-the-socket.test.ts',
        'code in the frontend is refused without the pairing secret, and cannot replace the socket',
      ],
    ],
  },
  {
    promise: 'A replayed request is answered for 60 s, with the same MAC.',
    shownBy: [['test/unit/signer/pairing.test.ts', 'admits a clock that is %i seconds off']],
  },
  {
    promise: 'A replaced key’s signatures verify until the overlap ends.',
    shownBy: [['test/unit/deploy/rotate.test.ts']],
  },
]

export const operationPromises = {
  Operation: operation,
  Components: components,
  Builds: builds,
  'Residual risks': risks,
} as const
