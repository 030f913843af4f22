// The Pods of a gateway: their identities, which policies allow, and the labels that select them.
import { z } from 'zod'
import { kubectlJson } from '../kubectl.ts'

export type Labels = Readonly<Record<string, string>>

/** Pods of a gateway with one identity. */
export type GatewayWorkload = {
  namespace: string
  serviceAccount: string
  /** The labels of one of the Pods. A Service selects among them. */
  podLabels: Labels
  /** The labels that select these Pods in their namespace. */
  selector: Labels
}

const containers = z
  .array(z.object({ args: z.array(z.string()).nullish() }))
  .nullish()
  .transform((found) => found ?? [])
const pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        namespace: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
      }),
      spec: z.object({
        serviceAccountName: z.string().default('default'),
        containers: containers.default([]),
        initContainers: containers.default([]),
      }),
      status: z.object({ phase: z.string().optional() }).default({}),
    }),
  ),
})

export type Pod = {
  namespace: string
  serviceAccount: string
  labels: Labels
  /** True if its proxy is a gateway, and not the sidecar of an application. */
  isRouter: boolean
}

/** Lists the running and pending Pods with these labels, in one namespace or in all. */
export async function listPods(selector: Labels, namespace?: string): Promise<Pod[]> {
  const scope = namespace === undefined ? ['--all-namespaces'] : ['-n', namespace]
  const labels = formatSelector(selector)
  const chosen = labels === '' ? [] : ['-l', labels]
  const { items } = await kubectlJson(pods, ['get', 'pods', ...scope, ...chosen, '-o', 'json'])
  return items
    .filter(({ status }) => status.phase === 'Running' || status.phase === 'Pending')
    .map(({ metadata, spec }) => ({
      namespace: metadata.namespace,
      serviceAccount: spec.serviceAccountName,
      labels: metadata.labels,
      isRouter: [...spec.containers, ...spec.initContainers].some(({ args }) =>
        args?.includes('router'),
      ),
    }))
}

/** Groups Pods by their identity. */
export function groupByIdentity(found: readonly Pod[], selector: Labels): GatewayWorkload[] {
  const workloads = found.map(({ namespace, serviceAccount, labels }) => ({
    ...{ namespace, serviceAccount, podLabels: labels, selector },
  }))
  const byIdentity = new Map(workloads.map((each) => [formatIdentity(each), each]))
  return [...byIdentity.values()].toSorted((a, b) =>
    formatIdentity(a).localeCompare(formatIdentity(b)),
  )
}

/** Returns for example "istio-system/istio-ingressgateway-service-account". */
export function formatIdentity(each: Pick<GatewayWorkload, 'namespace' | 'serviceAccount'>) {
  return `${each.namespace}/${each.serviceAccount}`
}

export function formatSelector(selector: Labels): string {
  return Object.entries(selector)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
}
