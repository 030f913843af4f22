// The ingress gateway as public clients see it.
import { readVariable } from '../../cli/make-variables.ts'
import { withGatewayUrl } from '../../kube/gateway-url.ts'
import { findIngressGateway } from '../../kube/ingress-gateway.ts'
import type { Place } from './probe.ts'

/** Calls `use` with the address of the gateway. A port-forward, if one is needed, lasts as long as the call. */
export async function withGateway<T>(use: (place: Place) => Promise<T>): Promise<T> {
  const gateway = await findIngressGateway(readVariable('GATEWAY_SELECTOR'))
  return withGatewayUrl(gateway, readVariable('GATEWAY_URL'), ({ url }) => use(toPlace(url)))
}

export function toPlace(url: string): Place {
  const { hostname: host, port } = new URL(url)
  return { host, port: Number(port || 80) }
}
