// The component monitoring is for a Prometheus of the Prometheus Operator.
import { UserError } from '../../cli/terminal.ts'
import { kubectl } from '../../kube/kubectl.ts'
import type { Resource } from '../../kube/resources.ts'

const version = 'monitoring.coreos.com/v1'

/** Throws UserError if `resources` are for the operator and the cluster has none. */
export async function checkPrometheusOperator(resources: readonly Resource[]): Promise<void> {
  if (!resources.some(({ apiVersion }) => apiVersion === version)) return
  if ((await kubectl(['api-versions'])).split('\n').includes(version)) return
  throw new UserError(
    `the Prometheus Operator (${version}) is not installed on this cluster, and the component monitoring is for it`,
    'install it, see docs/observability.md, or leave the component out',
  )
}
