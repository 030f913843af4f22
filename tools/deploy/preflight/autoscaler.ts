// Hands the number of Pods over to a HorizontalPodAutoscaler, and notes if nothing measures the Pods.
import { CommandError } from '../../cli/exec.ts'
import { say } from '../../cli/terminal.ts'
import { findApplied, readOwned } from '../../kube/field-owners.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { fieldManager } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'

/** Owns the number until the autoscaler sets another; Kubernetes forgets it by itself then. */
const interimManager = `${fieldManager}-until-autoscaled`

/**
 * Keeps a Deployment's number of Pods where `resources` stop saying one. The API server drops a field that its only owner
 * stops applying, and without it a Deployment has one Pod: the others would be gone until the autoscaler looks again. So
 * somebody else owns it first, which is how Kubernetes' page on server-side apply transfers ownership.
 */
export async function keepReplicas(resources: readonly Resource[]): Promise<void> {
  const silent = resources.filter(
    ({ kind, spec }) => kind === 'Deployment' && !('replicas' in Object(spec)),
  )
  for (const live of await readOwned(silent)) {
    if (findApplied(live)?.['f:spec']?.['f:replicas'] === undefined) continue
    const { apiVersion, kind, metadata, spec } = live
    const { name, namespace } = metadata
    const { replicas } = Object(spec)
    const input = JSON.stringify({
      apiVersion,
      kind,
      metadata: { name, namespace },
      spec: { replicas },
    })
    const args = ['apply', '--server-side', `--field-manager=${interimManager}`, '-f', '-']
    try {
      await kubectl(args, { input })
    } catch (error) {
      // The autoscaler has set another number since it was read: then it is the owner.
      if (!(error instanceof CommandError && /conflict/i.test(error.result.stderr))) throw error
    }
  }
}

/** Says so if `resources` have an autoscaler and nothing on the cluster measures what Pods use. */
export async function noteMissingMetrics(resources: readonly Resource[]): Promise<void> {
  if (!resources.some(({ kind }) => kind === 'HorizontalPodAutoscaler')) return
  const versions = await kubectl(['api-versions'])
  if (/^metrics\.k8s\.io\//m.test(versions)) return
  say(
    '  note  nothing here measures CPU time (metrics.k8s.io): until metrics-server is installed, the autoscaler only keeps its minimum',
  )
}
