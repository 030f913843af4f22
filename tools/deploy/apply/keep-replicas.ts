// Keeps the number of Pods when an autoscaler takes over. The API server removes a field that its only owner stops applying,
// and a Deployment without the field `replicas` has one Pod. So another manager owns the field first, until the autoscaler sets
// it. The Kubernetes page on server-side apply describes this transfer of ownership.
import { CommandError } from '../../cli/exec.ts'
import { findApplied, readOwned } from '../../kube/field-owners.ts'
import { applyResource } from '../../kube/kubectl.ts'
import { fieldManager } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'

/** Owns the number until the autoscaler sets another one. */
const interimManager = `${fieldManager}-until-autoscaled`

/** Keeps the number of Pods of each Deployment that has no number in `resources`. */
export async function keepReplicas(resources: readonly Resource[]): Promise<void> {
  const autoscaled = resources.filter(
    ({ kind, spec }) => kind === 'Deployment' && !('replicas' in Object(spec)),
  )
  for (const live of await readOwned(autoscaled)) {
    if (findApplied(live)?.['f:spec']?.['f:replicas'] === undefined) continue
    const { apiVersion, kind, metadata, spec } = live
    const { name, namespace } = metadata
    const { replicas } = Object(spec)
    const resource = { apiVersion, kind, metadata: { name, namespace }, spec: { replicas } }
    try {
      await applyResource(resource, { manager: interimManager })
    } catch (error) {
      // A conflict: the autoscaler has just set another number, and owns the field.
      if (!(error instanceof CommandError && /conflict/i.test(error.result.stderr))) throw error
    }
  }
}
