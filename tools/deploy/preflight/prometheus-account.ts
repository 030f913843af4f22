// Reads the ServiceAccount of the Prometheus that may read metrics.
import { UserError } from '../../cli/terminal.ts'

export type PrometheusAccount = { namespace: string; serviceAccount: string }

/** The value in the resources before it is filled in. */
const defaultAccount = 'monitoring/prometheus'
/** Two names of Kubernetes resources (RFC 1123). */
const form = /^([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)\/([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)$/

/** Reads <namespace>/<ServiceAccount>. Throws UserError for any other form. */
export function parsePrometheusAccount(text: string | undefined): PrometheusAccount {
  const [, namespace, serviceAccount] = form.exec(text || defaultAccount) ?? []
  if (namespace !== undefined && serviceAccount !== undefined) return { namespace, serviceAccount }
  throw new UserError(
    `PROMETHEUS="${text}" is not <namespace>/<ServiceAccount>`,
    "Find it by `kubectl get pod PROMETHEUS_POD -n NAMESPACE -o jsonpath='{.spec.serviceAccountName}'`.",
  )
}
