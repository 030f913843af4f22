// Finds the ingress gateway: the label that a Gateway resource selects, and the identity that policies allow.
import { z } from 'zod'
import { UserError } from '../cli/terminal.ts'
import { kubectlJson } from './kubectl.ts'

export type IngressGateway = {
  /** The value of the label `istio` of its Pods. */
  selector: string
  namespace: string
  serviceAccount: string
  podLabels: Record<string, string>
}

/** The label values of `istioctl install` and of the documentation of the Helm chart. */
const usualSelectors = ['ingressgateway', 'ingress']

const pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        namespace: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
      }),
      spec: z.object({ serviceAccountName: z.string().default('default') }),
      status: z.object({ phase: z.string().optional() }).default({}),
    }),
  ),
})

/** Finds it by the label `istio`. Throws UserError if there is no gateway, or if there are several identities. */
export async function findIngressGateway(wanted: string | undefined): Promise<IngressGateway> {
  for (const selector of wanted === undefined ? usualSelectors : [wanted]) {
    const found = await findGateways(selector)
    const [first, ...rest] = found
    if (first === undefined) continue
    const others = rest.filter(
      (gateway) =>
        gateway.namespace !== first.namespace || gateway.serviceAccount !== first.serviceAccount,
    )
    if (others.length === 0) return first
    const identities = new Set(found.map((each) => `${each.namespace}/${each.serviceAccount}`))
    throw new UserError(
      `gateways with different identities share the label istio=${selector}: ${[...identities].join(', ')}`,
      'Set GATEWAY_SELECTOR to the value of the label `istio` of the public gateway alone.',
    )
  }
  throw new UserError(
    `no ingress gateway runs on this cluster (no Pod has the label istio=${wanted ?? usualSelectors.join(' or istio=')})`,
    'Install one with istioctl or with the Helm chart istio/gateway. Or set GATEWAY_SELECTOR to the value of its label `istio`.',
  )
}

async function findGateways(selector: string): Promise<IngressGateway[]> {
  const args = ['get', 'pods', '--all-namespaces', '-l', `istio=${selector}`, '-o', 'json']
  const { items } = await kubectlJson(pods, args)
  return items
    .filter(({ status }) => status.phase === 'Running' || status.phase === 'Pending')
    .map(({ metadata, spec }) => ({
      selector,
      namespace: metadata.namespace,
      serviceAccount: spec.serviceAccountName,
      podLabels: metadata.labels,
    }))
}
