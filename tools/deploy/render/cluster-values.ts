// Computes the values that differ between clusters. k8s/components/cluster-values fills them in.
import type { PublicRoute } from '../../kube/gateway/public-route.ts'
import { accountOf, type Layout } from '../../kube/layouts.ts'
import { namespace } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import type { SidecarInjector } from '../../kube/sidecar-injector.ts'
import type { PrometheusAccount } from '../preflight/prometheus-account.ts'
import type { TokenKeys } from '../token-keys/token-keys.ts'
import { makeLocal } from './local-resource.ts'

export type ClusterValues = {
  /** SPIFFE identities without the scheme, as in an AuthorizationPolicy. The gateway may have more: gateway-values.ts. */
  gatewayPrincipal: string
  frontendPrincipal: string
  signerPrincipal: string
  prometheusPrincipal: string
  frontendSpiffeId: string
  signerSpiffeId: string
  tokenIssuer: string
  tokenKeys: string
  /** Only with the component token-keys-uri. */
  tokenKeysUri?: string
  /** Issuer and subject of the frontend's token, as in an AuthorizationPolicy. */
  requestPrincipal: string
  revision: string
  gatewaySelector: string
  /** The namespace of istiod's Pods, for a NetworkPolicy. */
  istiodNamespace: string
}

export type ClusterFindings = {
  trustDomain: string
  route: PublicRoute
  injector: SidecarInjector
  tokens: TokenKeys
}

/** Computes the values for the workloads of `layout`, and for the Prometheus with the ServiceAccount `prometheus`. */
export function composeClusterValues(
  found: ClusterFindings,
  layout: Layout,
  prometheus: PrometheusAccount,
): ClusterValues {
  const { trustDomain, route, injector, tokens } = found
  const [first = { namespace: '', serviceAccount: '' }] = route.workloads
  const accounts = `${trustDomain}/ns/${namespace}/sa`
  return {
    gatewayPrincipal: `${trustDomain}/ns/${first.namespace}/sa/${first.serviceAccount}`,
    frontendPrincipal: `${accounts}/${accountOf(layout.frontend)}`,
    signerPrincipal: `${accounts}/${accountOf(layout.signer)}`,
    prometheusPrincipal: `${trustDomain}/ns/${prometheus.namespace}/sa/${prometheus.serviceAccount}`,
    frontendSpiffeId: `spiffe://${accounts}/${accountOf(layout.frontend)}`,
    signerSpiffeId: `spiffe://${accounts}/${accountOf(layout.signer)}`,
    tokenIssuer: tokens.issuer,
    tokenKeys: tokens.keys,
    ...(tokens.uri !== undefined && { tokenKeysUri: tokens.uri }),
    requestPrincipal: `${tokens.issuer}/system:serviceaccount:${namespace}:${accountOf(layout.frontend)}`,
    revision: injector.label,
    gatewaySelector: route.selector.istio ?? '',
    istiodNamespace: injector.namespace,
  }
}

/** Returns a local ConfigMap for the replacements of a component. */
export function toConfigMap(name: string, values: Record<string, string>): Resource {
  return makeLocal({ apiVersion: 'v1', kind: 'ConfigMap' }, name, { data: values })
}
