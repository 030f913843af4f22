// Restores the Pod Security of the namespace. The component selinux turns it off, and adds an admission policy that does the
// same.
import { readOwned } from '../../kube/field-owners.ts'
import { applyResource } from '../../kube/kubectl.ts'
import { policyPrefix } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'

const prefix = 'pod-security.kubernetes.io/'
/** The admission policy of the component selinux that replaces Pod Security. */
export const podSecurityReplacement = `${policyPrefix}pods-stay-restricted`

/** Gives the existing Namespace the Pod Security labels of `wanted`, and keeps its other labels. */
export async function restorePodSecurity(wanted: Resource): Promise<void> {
  const [live] = await readOwned([wanted])
  const { 'kubernetes.io/metadata.name': _, ...labels } = live?.metadata.labels ?? {}
  const changed = Object.entries(wanted.metadata.labels ?? {}).filter(
    ([name, value]) => name.startsWith(prefix) && labels[name] !== value,
  )
  if (changed.length === 0) return
  const { apiVersion, kind, metadata } = wanted
  const restored = { name: metadata.name, labels: { ...labels, ...Object.fromEntries(changed) } }
  // With the field manager of a deployment, so that the next one finds no conflict.
  await applyResource({ apiVersion, kind, metadata: restored })
}
