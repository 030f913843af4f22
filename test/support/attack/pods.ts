// Pods that an attacker creates.
import { namespace, serviceAccount } from '../../../tools/kube/names.ts'
import type { Resource } from '../../../tools/kube/resources.ts'

/** Meets Pod Security "restricted", with the signer's user, which anyone can choose. */
export const confined = {
  securityContext: {
    runAsUser: 10002,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
  },
}

/** A Pod that shares nothing with the signing Pod, and that Pod Security accepts. */
export function makePod(spec: object = {}, name = 'admission-test'): Resource {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    // With our label, so that no policy refuses a Pod for the lack of it.
    metadata: { name, namespace, labels: { 'secure-signing.dev/protected': 'true' } },
    spec: {
      serviceAccountName: serviceAccount,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{ name: 'attacker', image: 'attacker', ...confined }],
      ...spec,
    },
  }
}
