// How a smoke request reaches the application: through the gateway, or by its Service if there is no mesh.
import { readVariable } from '../../cli/make-variables.ts'
import type { PublicRoute } from '../../kube/gateway/public-route.ts'
import { type GatewayUrl, withGatewayUrl } from '../../kube/gateway-url.ts'
import { withServiceUrl } from '../../kube/service-url.ts'

/** Calls `use` with a URL that works on this machine until the call ends. There is no `route` without a mesh. */
export function withApplicationUrl<T>(
  route: PublicRoute | undefined,
  use: (url: GatewayUrl) => Promise<T>,
): Promise<T> {
  if (route === undefined) return withServiceUrl(use)
  return withGatewayUrl(route, readVariable('GATEWAY_URL'), use)
}

/** Completes "signed …". */
export function describeWay(route: PublicRoute | undefined): string {
  return route === undefined ? 'through the Service' : 'through the gateway'
}
