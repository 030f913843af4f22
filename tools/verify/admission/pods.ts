// Pods of a deployment, and Pods that an attacker creates.
import { namespace, serviceAccount } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'

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
    metadata: {
      ...{ name, namespace, annotations: {} },
      labels: { 'secure-signing.dev/protected': 'true' },
    },
    spec: {
      serviceAccountName: serviceAccount,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{ name: 'attacker', image: 'attacker', ...confined }],
      ...spec,
    },
  }
}

/** Returns the Pod that the Deployment `maker`, or the first one, would make. */
export function asPod(resources: readonly Resource[], name: string, maker?: string): Resource {
  const deployment = resources.find(
    ({ kind, metadata }) => kind === 'Deployment' && (maker ?? metadata.name) === metadata.name,
  )
  const { metadata, spec } = Object(deployment?.spec).template
  const annotations = { ...metadata.annotations }
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', spec },
    metadata: { ...metadata, annotations, name, namespace },
  }
}
