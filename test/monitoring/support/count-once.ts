// Makes a change of each kind that the API server counts. A counter exists from its first change on, and a Prometheus that has just
// started cannot tell a first change from an old one.
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'

const policy = 'secure-signing-no-way-into-signer'
const labelled = [
  ['namespace', namespace],
  ['service', 'frontend', '-n', namespace],
  ['serviceaccount', 'secure-signing', '-n', namespace],
  ['configmap', 'envoy-admin-allowlist', '-n', namespace],
  ['deployment', 'secure-signing', '-n', namespace],
  ['validatingadmissionpolicy', policy],
  ['validatingadmissionpolicybinding', policy],
]

export async function countOnce(): Promise<void> {
  for (const each of labelled) {
    await kubectl(['label', ...each, 'counted=once'])
    await kubectl(['label', ...each, 'counted-'])
  }
}
