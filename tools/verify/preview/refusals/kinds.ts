// The closed list of kinds. Everything else is refused by its name.
import type { Finding } from '../../../analyze/finding.ts'
import { policyPrefixOf } from '../../../kube/names.ts'
import type { Resource } from '../../../kube/resources.ts'
import { type Context, refuse } from './context.ts'

/** `apply`: it goes to the scratch namespace. `admission`: it is compared on an API server as a process. `ignore`: no request depends on it. */
export type Use = 'apply' | 'admission' | 'ignore'

const kinds: Readonly<Record<string, Use>> = {
  '/ServiceAccount': 'apply',
  '/Service': 'apply',
  '/ConfigMap': 'apply',
  'apps/Deployment': 'apply',
  'networking.k8s.io/NetworkPolicy': 'apply',
  'security.istio.io/AuthorizationPolicy': 'apply',
  'security.istio.io/PeerAuthentication': 'apply',
  'security.istio.io/RequestAuthentication': 'apply',
  'networking.istio.io/Sidecar': 'apply',
  'networking.istio.io/ServiceEntry': 'apply',
  'networking.istio.io/DestinationRule': 'apply',
  'networking.istio.io/VirtualService': 'apply',
  'networking.istio.io/Gateway': 'apply',
  '/Namespace': 'admission',
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': 'admission',
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': 'admission',
  'policy/PodDisruptionBudget': 'ignore',
  'autoscaling/HorizontalPodAutoscaler': 'ignore',
  'monitoring.coreos.com/PodMonitor': 'ignore',
  'monitoring.coreos.com/PrometheusRule': 'ignore',
  'telemetry.istio.io/Telemetry': 'ignore',
}
const reasons: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/Secret|Vault/, 'A preview has a key of its own, and asks no source of keys.'],
  [/Role|Token|Certificate/, 'A preview gives no rights.'],
  [/EnvoyFilter|WasmPlugin|ProxyConfig/, 'It could run code in a proxy.'],
  [/Webhook|CustomResourceDefinition|APIService/, 'It acts on the whole cluster.'],
  [/Pod$|Set$|Job$|Workload/, 'A preview runs no other workload.'],
  [/Route$|Ingress/, 'A preview has a gateway of its own, of Istio.'],
]

export function useOf({ apiVersion, kind }: Resource): Use | undefined {
  const group = apiVersion.includes('/') ? apiVersion.replace(/\/.*/, '') : ''
  return kinds[`${group}/${kind}`]
}

export function checkKind(resource: Resource, context: Context): Finding[] {
  const { apiVersion, kind, metadata } = resource
  const use = useOf(resource)
  const { namespace } = context
  if (use === undefined) {
    const reason = reasons.find(([pattern]) => pattern.test(kind))?.[1] ?? ''
    const what = `is of the kind ${kind} (${apiVersion}), which no preview applies.`
    return [refuse(resource, ['kind'], `${what} ${reason}`.trim())]
  }
  if (kind === 'Namespace') {
    return metadata.name === namespace ? [] : [ofOthers(resource, ['metadata', 'name'], namespace)]
  }
  if (use === 'admission') {
    const isOwn = metadata.name.startsWith(policyPrefixOf(namespace))
    return isOwn ? [] : [ofOthers(resource, ['metadata', 'name'], namespace)]
  }
  return metadata.namespace === namespace
    ? []
    : [ofOthers(resource, ['metadata', 'namespace'], namespace)]
}

function ofOthers(resource: Resource, path: string[], namespace: string): Finding {
  return refuse(resource, path, `does not belong to namespace ${namespace}. Leave it out`)
}
