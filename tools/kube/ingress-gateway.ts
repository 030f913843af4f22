// Finds the ingress gateway that the Gateway of this project opens: the labels that it selects, and the identities that
// policies allow. Several Deployments, for example a canary, may share the labels.
import { UserError } from '../cli/terminal.ts'
import {
  formatSelector,
  type GatewayWorkload,
  groupByIdentity,
  type Labels,
  listPods,
  type Pod,
} from './gateway/workloads.ts'

export type IngressGateway = { selector: Labels; workloads: GatewayWorkload[] }

/** The label values of `istioctl install` and of the documentation of the Helm chart. */
const usualSelectors: readonly Labels[] = [{ istio: 'ingressgateway' }, { istio: 'ingress' }]
/** Gateways that Istio's own charts install for other traffic. */
const otherTraffic = /egress|east-?west/
/** Gateways of the Kubernetes Gateway API serve only the Gateway that they were made for. */
const ofGatewayApi = 'gateway.networking.k8s.io/gateway-name'

/** `wanted`: GATEWAY_SELECTOR. Throws UserError if no gateway runs, or if the choice is open. */
export async function findIngressGateway(wanted: string | undefined): Promise<IngressGateway> {
  const gateway = await searchIngressGateway(wanted)
  if (gateway !== undefined) return gateway
  const tried = wanted === undefined ? usualSelectors : [parseSelector(wanted)]
  throw new UserError(
    `no ingress gateway runs on this cluster (no Pod has the label ${tried.map(formatSelector).join(' or ')})`,
    'Install one with istioctl or with the Helm chart istio/gateway. Or set GATEWAY_SELECTOR to its labels, or GATEWAY to an existing Gateway.',
  )
}

/** The same, but returns undefined if no gateway runs. */
export async function searchIngressGateway(
  wanted: string | undefined,
): Promise<IngressGateway | undefined> {
  for (const selector of wanted === undefined ? usualSelectors : [parseSelector(wanted)]) {
    const workloads = groupByIdentity(await listPods(selector), selector)
    if (workloads.length > 0) return { selector, workloads }
  }
  return wanted === undefined ? findByProxy() : undefined
}

/** Reads the value of the label `istio`, or whole labels, for example "app=edge,tier=public". */
export function parseSelector(text: string): Labels {
  if (!text.includes('=')) return { istio: text }
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [, name = '', value = ''] = /^\s*([^=\s]+)==?([^=\s]*)\s*$/.exec(pair) ?? []
      if (name !== '') return [name, value]
      throw new UserError(
        `GATEWAY_SELECTOR="${text}" is not valid`,
        'Set it to the value of the label `istio`, or to labels, for example app=edge,tier=public.',
      )
    }),
  )
}

/** Finds gateways by how their proxy runs, for example one that Helm installed under another name. */
async function findByProxy(): Promise<IngressGateway | undefined> {
  const routers = (await listPods({})).filter(isIngress)
  const groups = [...Map.groupBy(routers, (pod) => formatSelector(chooseLabel(pod)))]
  const [first, ...others] = groups
  if (first === undefined) return undefined
  if (others.length > 0) {
    const labels = groups.map(([label]) => label)
    throw new UserError(
      `several ingress gateways run on this cluster: ${labels.join(', ')}`,
      `Choose one, for example GATEWAY_SELECTOR=${labels[0]}. Or set GATEWAY to an existing Gateway.`,
    )
  }
  const [pod] = first[1]
  const selector = pod === undefined ? {} : chooseLabel(pod)
  return { selector, workloads: groupByIdentity(first[1], selector) }
}

function isIngress({ isRouter, labels }: Pod): boolean {
  return (
    isRouter &&
    labels[ofGatewayApi] === undefined &&
    !otherTraffic.test(`${labels.istio} ${labels.app}`) &&
    Object.keys(chooseLabel({ labels })).length > 0
  )
}

function chooseLabel({ labels }: Pick<Pod, 'labels'>): Labels {
  const name = ['istio', 'app', 'app.kubernetes.io/name'].find((each) => labels[each])
  return name === undefined ? {} : { [name]: labels[name] ?? '' }
}
