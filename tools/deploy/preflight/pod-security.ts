// The namespace's Pod Security labels. A component can replace them by a policy.
import { readOwned } from '../../kube/field-owners.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { fieldManager } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'

const prefix = 'pod-security.kubernetes.io/'
/** The policy that refuses what Pod Security would, with the component selinux. */
export const standIn = 'secure-signing-pods-stay-restricted'

/** Gives the live Namespace the Pod Security labels of `wanted`, and leaves its other labels alone. */
export async function restorePodSecurity(wanted: Resource): Promise<void> {
  const [live] = await readOwned([wanted])
  const { 'kubernetes.io/metadata.name': _, ...labels } = live?.metadata.labels ?? {}
  const changed = Object.entries(wanted.metadata.labels ?? {}).filter(
    ([name, value]) => name.startsWith(prefix) && labels[name] !== value,
  )
  if (changed.length === 0) return
  const { apiVersion, kind, metadata } = wanted
  const restored = { name: metadata.name, labels: { ...labels, ...Object.fromEntries(changed) } }
  // Applied, as a deployment does, so that the next one finds its own fields and no conflict.
  await kubectl(['apply', '--server-side', `--field-manager=${fieldManager}`, '-f', '-'], {
    input: JSON.stringify({ apiVersion, kind, metadata: restored }),
  })
}
