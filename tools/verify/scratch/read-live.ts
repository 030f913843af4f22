// Reads what a deployment consists of on the cluster: its Pod, what the Pod uses, and all that Istio and Kubernetes apply to it.
import { CommandError } from '../../cli/exec.ts'
import { kubectlJson } from '../../kube/kubectl.ts'
import { listOf, type Resource, resourceSchema } from '../../kube/resources.ts'

/** Kinds that act on the Pods of their namespace, or route to them. */
const actingKinds = [
  ...['networkpolicies.networking.k8s.io'],
  ...['authorizationpolicies', 'peerauthentications', 'requestauthentications'].map(ofSecurity),
  ...['sidecars', 'serviceentries', 'destinationrules', 'virtualservices', 'gateways'].map(
    ofRoutes,
  ),
]
const configMapsOf = ['configMap', 'configMapRef', 'configMapKeyRef']
const bootstrap = 'sidecar.istio.io/bootstrapOverride'

function ofSecurity(name: string): string {
  return `${name}.security.istio.io`
}

function ofRoutes(name: string): string {
  return `${name}.networking.istio.io`
}

/** `deployments`: the names. Returns resources that can be applied again, without what the cluster writes itself. */
export async function readLive(
  namespace: string,
  deployments: readonly string[],
): Promise<Resource[]> {
  const read = (kinds: readonly string[]) => readAll(namespace, kinds)
  const [workloads, services, configMaps, accounts, acting] = await Promise.all([
    read(['deployments.apps']),
    read(['services']),
    read(['configmaps']),
    read(['serviceaccounts']),
    Promise.all(actingKinds.map((kind) => read([kind]))),
  ])
  const own = workloads.filter(({ metadata }) => deployments.includes(metadata.name))
  const used = new Set(own.flatMap(listConfigMaps))
  const named = new Set(own.map(accountOf))
  return [
    ...accounts.filter(({ metadata }) => named.has(metadata.name)),
    ...configMaps.filter(({ metadata }) => used.has(metadata.name)),
    ...services.filter((each) => own.some((workload) => selects(each, workload))),
    ...acting.flat(),
    ...own,
  ].map(toApplicable)
}

async function readAll(namespace: string, kinds: readonly string[]): Promise<Resource[]> {
  const args = ['get', kinds.join(','), '-n', namespace, '-o', 'json']
  try {
    return await kubectlJson(listOf(resourceSchema), args)
  } catch (error) {
    // A cluster without the kind has no such resources.
    if (error instanceof CommandError && /have a resource type/.test(error.result.stderr)) return []
    throw error
  }
}

/** Removes what the cluster writes itself. */
export function toApplicable({ status: _, metadata, spec, ...rest }: Resource): Resource {
  const { name, namespace, labels, annotations: all } = metadata
  const own = Object.entries(all ?? {}).filter(
    ([key]) => !/^(kubectl|deployment)\.kubernetes\.io\//.test(key),
  )
  const { clusterIP: _ip, clusterIPs: _ips, ...kept } = Object(spec)
  return {
    ...rest,
    metadata: {
      ...{ name, ...(namespace && { namespace }), ...(labels && { labels }) },
      ...(own.length > 0 && { annotations: Object.fromEntries(own) }),
    },
    ...(spec !== undefined && { spec: kept }),
  } as Resource
}

/** The names of the ConfigMaps that a workload uses. */
export function listConfigMaps({ spec }: Resource): string[] {
  const { template } = Object(spec)
  const names: string[] = []
  JSON.stringify(template, (key, value) => {
    if (configMapsOf.includes(key) && typeof value?.name === 'string') names.push(value.name)
    return value
  })
  const override: unknown = template?.metadata?.annotations?.[bootstrap]
  return typeof override === 'string' ? [...names, override] : names
}

function accountOf({ spec }: Resource): string {
  return Object(spec).template?.spec?.serviceAccountName ?? 'default'
}

/** Whether a Service leads to the Pods of a workload. */
export function selects({ spec }: Resource, workload: Resource): boolean {
  const selector = Object.entries(Object(spec).selector ?? {})
  const labels = Object(workload.spec).template?.metadata?.labels ?? {}
  return selector.length > 0 && selector.every(([key, value]) => labels[key] === value)
}
