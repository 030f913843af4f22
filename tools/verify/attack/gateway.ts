// The gateway as public clients see it.
import { readVariable } from '../../cli/make-variables.ts'
import {
  findPublicRoute,
  type RouteKind,
  readWantedRoute,
} from '../../kube/gateway/public-route.ts'
import { type GatewayUrl, readAddress, withGatewayUrl } from '../../kube/gateway-url.ts'
import type { Place, Probe } from './probe.ts'

/** `authority`: the Host header. Without it, the gateway serves every host. */
export type PublicPlace = Place & { authority?: string; tls?: NonNullable<Probe['tls']> }

/** Calls `use` with the address of the gateway. A port-forward, if one is needed, lasts as long as the call. */
export async function withGateway<T>(
  use: (place: PublicPlace, kind: RouteKind) => Promise<T>,
): Promise<T> {
  const route = await findPublicRoute(readWantedRoute())
  return withGatewayUrl(route, readVariable('GATEWAY_URL'), (gatewayUrl) =>
    use(toPublicPlace(gatewayUrl), route.kind),
  )
}

function toPublicPlace(gatewayUrl: GatewayUrl): PublicPlace {
  const { protocol, hostname, host } = new URL(gatewayUrl.url)
  return {
    ...readAddress(gatewayUrl),
    ...(gatewayUrl.address && { authority: host }),
    ...(protocol === 'https:' && { tls: { serverName: hostname } }),
  }
}

export function toPlace(url: string): Place {
  return readAddress({ url })
}
