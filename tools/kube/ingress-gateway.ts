// Finds the ingress gateway: its label, its identity and its Service.
import { z } from 'zod'
import { UserError } from '../cli/terminal.ts'
import { kubectlJson } from './kubectl.ts'

export type IngressGateway = {
  selector: string
  namespace: string
  serviceAccount: string
  podLabels: Record<string, string>
}

/** The label values that `istioctl install` and the Helm chart's documentation give it. */
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

/** Finds the gateway by `istio=<wanted>`, or by the usual labels. Throws UserError unless it has exactly one identity. */
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
      'set GATEWAY_SELECTOR to the value of the label `istio` of the one that the world uses',
    )
  }
  throw new UserError(
    `no ingress gateway runs here (no Pod with the label istio=${wanted ?? usualSelectors.join(' or istio=')})`,
    'install one (istioctl install, or Helm chart istio/gateway), or set GATEWAY_SELECTOR to the value of its label `istio`',
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
