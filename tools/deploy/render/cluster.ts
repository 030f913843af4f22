// What a rendering takes from the cluster's mesh: its values, and the gateway of the public route.
import type { Layout } from '../../kube/layouts.ts'
import type { PrometheusAccount } from '../preflight/prometheus-account.ts'
import { type ClusterFindings, type ClusterValues, composeClusterValues } from './cluster-values.ts'
import { composeGateway, type RenderedGateway } from './gateway-values.ts'

export type RenderedCluster = { values: ClusterValues; gateway: RenderedGateway }

export function composeCluster(
  found: ClusterFindings,
  layout: Layout,
  prometheus: PrometheusAccount,
): RenderedCluster {
  return {
    values: composeClusterValues(found, layout, prometheus),
    gateway: composeGateway(found.route, found.trustDomain),
  }
}
