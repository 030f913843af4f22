// Checks that the cluster has the Prometheus Operator, which the component monitoring needs.
import { UserError } from '../../cli/terminal.ts'
import { listApiVersions } from '../../kube/kubectl.ts'
import type { Resource } from '../../kube/resources.ts'

const operatorApi = 'monitoring.coreos.com/v1'

/** Throws UserError if `resources` need the operator, and the cluster does not have it. */
export async function checkPrometheusOperator(resources: readonly Resource[]): Promise<void> {
  if (!resources.some(({ apiVersion }) => apiVersion === operatorApi)) return
  if ((await listApiVersions()).includes(operatorApi)) return
  throw new UserError(
    `the component monitoring needs the Prometheus Operator (${operatorApi}), which this cluster does not have`,
    'Install it as docs/observability.md describes, or leave out the component.',
  )
}
