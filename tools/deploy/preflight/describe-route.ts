// Prints to which Gateway the public route is bound, which identities it allows, and what else serves the same path.
import { say, UserError } from '../../cli/terminal.ts'
import { findOtherRoutes } from '../../kube/gateway/other-routes.ts'
import type { PublicRoute } from '../../kube/gateway/public-route.ts'
import { composeGatewayValues } from '../render/gateway-values.ts'

const kinds = {
  own: 'our Gateway',
  istio: 'the Gateway',
  'gateway-api': 'the Gateway (Gateway API)',
} as const

export async function describeRoute(route: PublicRoute, trustDomain: string): Promise<void> {
  const { gateway, host, entry } = route
  const where = `${entry.isTls ? 'https' : 'http'}://${host ?? '*'}`
  const { principals } = composeGatewayValues(route, trustDomain)
  say(`        ${kinds[route.kind]} ${gateway.namespace}/${gateway.name}, ${where}`)
  say(`        allowed: ${principals.join(', ')}`)
  for (const { title, path, isApplication } of await findOtherRoutes(route)) {
    if (isApplication) {
      throw new UserError(
        `${title} of another application serves ${path} on the same gateway and host`,
        'Set `publicHost` to a host name of this application, `gateway` to another Gateway, or another path in `routes`.',
      )
    }
    say(
      `  note  ${title} also serves ${path} there. Istio tries the older route first. Check that it is meant.`,
    )
  }
}
