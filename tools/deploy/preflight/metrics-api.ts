// Checks that the cluster measures CPU time, which an autoscaler needs.
import { say } from '../../cli/terminal.ts'
import { listApiVersions } from '../../kube/kubectl.ts'
import type { Resource } from '../../kube/resources.ts'

/** Prints a note if `resources` have an autoscaler, and the cluster has no resource metrics API. */
export async function noteMissingMetrics(resources: readonly Resource[]): Promise<void> {
  if (!resources.some(({ kind }) => kind === 'HorizontalPodAutoscaler')) return
  const versions = await listApiVersions()
  if (versions.some((version) => version.startsWith('metrics.k8s.io/'))) return
  say(
    '  note  the cluster has no resource metrics (metrics.k8s.io), so the autoscaler keeps its minimum. Install metrics-server.',
  )
}
