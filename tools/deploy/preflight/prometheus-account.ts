// Which Prometheus may read metrics: the ServiceAccount that it runs as.
import { UserError } from '../../cli/terminal.ts'

export type PrometheusAccount = { namespace: string; serviceAccount: string }

/** What the resources have as they are written. */
const usual = 'monitoring/prometheus'
/** Names of Kubernetes (RFC 1123), a slash between. */
const form = /^([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)\/([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)$/

/** Reads <namespace>/<ServiceAccount>. Throws UserError for what can't be one. */
export function parsePrometheusAccount(text: string | undefined): PrometheusAccount {
  const [, namespace, serviceAccount] = form.exec(text || usual) ?? []
  if (namespace !== undefined && serviceAccount !== undefined) return { namespace, serviceAccount }
  throw new UserError(
    `PROMETHEUS="${text}" is no <namespace>/<ServiceAccount>`,
    `whose it is: kubectl get pod -n … -o jsonpath='{.spec.serviceAccountName}' of the Prometheus`,
  )
}
