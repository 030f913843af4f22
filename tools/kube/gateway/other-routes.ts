// Routes of others that also serve our public path, on the same Gateway and host.
import { z } from 'zod'
import { UserError } from '../../cli/terminal.ts'
import { namespace } from '../names.ts'
import type { Resource } from '../resources.ts'
import { matchesHost } from './doors.ts'
import { listResources } from './find-gateway.ts'
import { istioGroup } from './istio-gateway.ts'
import { gatewayApiGroup } from './kubernetes-gateway.ts'
import type { PublicRoute } from './public-route.ts'

const publicPath = '/process'

const virtualService = z.looseObject({
  gateways: z.array(z.string()).default([]),
  hosts: z.array(z.string()).default([]),
  http: z
    .array(
      z.looseObject({
        match: z
          .array(z.looseObject({ uri: z.record(z.string(), z.string()).optional() }))
          .default([]),
      }),
    )
    .default([]),
})
const httpRoute = z.looseObject({
  parentRefs: z
    .array(z.looseObject({ namespace: z.string().optional(), name: z.string() }))
    .default([]),
  hostnames: z.array(z.string()).default([]),
  rules: z
    .array(
      z.looseObject({
        matches: z
          .array(
            z.looseObject({
              path: z
                .looseObject({ type: z.string().default('PathPrefix'), value: z.string() })
                .optional(),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
})

/**
 * Returns each as text, for example "VirtualService team/web". A route for every path is not among them, because Istio tries
 * it last. Returns none if the user may not list routes.
 */
export async function findOtherRoutes(route: PublicRoute): Promise<string[]> {
  const isHttp = route.kind === 'gateway-api'
  const kind = isHttp ? `httproutes.${gatewayApiGroup}` : `virtualservices.${istioGroup}`
  const all = await listResources(kind).catch((error) => {
    if (error instanceof UserError) return []
    throw error
  })
  const serves = isHttp ? httpRouteServes : virtualServiceServes
  return all
    .filter(({ metadata }) => metadata.namespace !== namespace || metadata.name !== 'frontend')
    .filter((each) => serves(each, route))
    .map(({ kind: name, metadata }) => `${name} ${metadata.namespace}/${metadata.name}`)
}

function virtualServiceServes({ metadata, spec }: Resource, { gateway, host }: PublicRoute) {
  const { gateways, hosts, http } = virtualService.parse(spec ?? {})
  const bound = gateways.map((name) =>
    name.includes('/') ? name : `${metadata.namespace}/${name}`,
  )
  return (
    bound.includes(`${gateway.namespace}/${gateway.name}`) &&
    hosts.some((each) => overlaps(each, host)) &&
    http.some(({ match }) => match.some(({ uri = {} }) => servesUri(uri)))
  )
}

function servesUri({ exact, prefix, regex }: Record<string, string>): boolean {
  return (
    exact === publicPath ||
    (prefix !== undefined && prefix !== '/' && publicPath.startsWith(prefix)) ||
    (regex !== undefined && regex !== '*' && matchesExpression(regex))
  )
}

/** In the Gateway API an exact path comes before every other match. */
function httpRouteServes({ metadata, spec }: Resource, { gateway, host }: PublicRoute): boolean {
  const { parentRefs, hostnames, rules } = httpRoute.parse(spec ?? {})
  return (
    parentRefs.some(
      (each) =>
        each.name === gateway.name && (each.namespace ?? metadata.namespace) === gateway.namespace,
    ) &&
    (hostnames.length === 0 || hostnames.some((each) => overlaps(each, host))) &&
    rules.some(({ matches }) =>
      matches.some(({ path }) => path?.type === 'Exact' && path.value === publicPath),
    )
  )
}

function overlaps(pattern: string, host: string | undefined): boolean {
  return host === undefined || matchesHost(pattern, host)
}

function matchesExpression(text: string): boolean {
  try {
    return new RegExp(`^(?:${text})$`).test(publicPath)
  } catch {
    return false
  }
}
