// The values of the gateway: lists, which the ConfigMap cluster-values cannot hold. The components in k8s/gateways fill them in.
import type { PublicRoute } from '../../kube/gateway/public-route.ts'
import { formatIdentity, formatSelector, type Labels } from '../../kube/gateway/workloads.ts'
import { namespace } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { makeLocal } from './local-resource.ts'

export type GatewayValues = {
  /** The identities of the gateway, as in an AuthorizationPolicy. */
  principals: string[]
  /** Its Pods, as in a NetworkPolicy. */
  peers: { namespaceSelector: { matchLabels: Labels }; podSelector: { matchLabels: Labels } }[]
  /** For our own Gateway. */
  selector: Labels
  /** For our VirtualService. */
  gateways: string[]
  hosts: string[]
  /** For our HTTPRoute. */
  parentRefs: Record<string, string>[]
  hostnames: string[]
}

/** `component`: the folder that fills in the values. */
export type RenderedGateway = { component: string; values: GatewayValues }

export function composeGateway(route: PublicRoute, trustDomain: string): RenderedGateway {
  const suffix = route.kind === 'gateway-api' && route.host !== undefined ? '-for-host' : ''
  return {
    component: `k8s/gateways/${route.kind}${suffix}`,
    values: composeGatewayValues(route, trustDomain),
  }
}

export function composeGatewayValues(route: PublicRoute, trustDomain: string): GatewayValues {
  const { gateway, host, selector, sections, workloads } = route
  const byPods = new Map(
    workloads.map((each) => [`${each.namespace} ${formatSelector(each.selector)}`, each]),
  )
  const parent = { group: 'gateway.networking.k8s.io', kind: 'Gateway', ...gateway }
  return {
    principals: [...new Set(workloads.map(formatIdentity))].map((each) =>
      each.replace(/^(.*)\/(.*)$/, `${trustDomain}/ns/$1/sa/$2`),
    ),
    peers: [...byPods.values()].map((each) => ({
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': each.namespace } },
      podSelector: { matchLabels: each.selector },
    })),
    selector,
    gateways: [
      gateway.namespace === namespace ? gateway.name : `${gateway.namespace}/${gateway.name}`,
    ],
    hosts: [host ?? '*'],
    parentRefs: sections.map((sectionName) => ({ ...parent, sectionName })),
    hostnames: host === undefined ? [] : [host],
  }
}

/** Returns a local resource for the replacements. */
export function toGatewayResource(values: GatewayValues): Resource {
  const type = { apiVersion: 'secure-signing.dev/v1', kind: 'GatewayValues' }
  return makeLocal(type, 'gateway-values', { spec: values })
}
