// The namespace in the alerts and in the dashboard. It is within PromQL, where kustomize fills in nothing.
import { policyPrefixOf, writtenNamespace } from '../../kube/names.ts'
import type { ApplicationValues } from './application-values.ts'

const holdsPromql = /^ {2}name: secure-signing-dashboard$|^kind: PrometheusRule$/m

/**
 * Returns `yaml` with the namespace and the Deployment in every query. The records of several namespaces need names of their own,
 * and so does each dashboard.
 */
export function fillInQueries(yaml: string, { namespace, deployment }: ApplicationValues): string {
  if (namespace === writtenNamespace) return yaml
  const fillIn = (text: string) =>
    text
      .replaceAll(/(namespace=\\?")signing(?=\\?")/g, `$1${namespace}`)
      .replaceAll(/policy="secure-signing-(?=changes-)/g, `policy="${policyPrefixOf(namespace)}`)
      .replaceAll('deployment=~"secure-signing|frontend|signer"', `deployment="${deployment}"`)
      .replaceAll(/\bsigning:(?=[a-z_]+:[a-z])/g, `signing_${namespace.replaceAll('-', '_')}:`)
      .replace('"uid": "secure-signing"', `"uid": "secure-signing-${namespace}"`)
      .replace('"title": "Secure signing"', `"title": "Secure signing: ${namespace}"`)
  const documents = yaml.split(/^---\n/m)
  return documents.map((text) => (holdsPromql.test(text) ? fillIn(text) : text)).join('---\n')
}
