// Routes of others that also serve one of our public paths, on the same Gateway and host. istiod joins the routes of all
// VirtualServices for one host of a gateway, in whatever Gateways they are, so several can serve different paths of it.
import { z } from 'zod'
import { UserError } from '../../cli/terminal.ts'
import { coversPath, readPrefix } from '../application/route-path.ts'
import { application } from '../application.ts'
import { namespace, service } from '../names.ts'
import type { Resource } from '../resources.ts'
import { matchesHost } from './doors.ts'
import { listResources } from './find-gateway.ts'
import { istioGroup } from './istio-gateway.ts'
import { gatewayApiGroup } from './kubernetes-gateway.ts'
import type { PublicRoute } from './public-route.ts'

/** `isApplication`: it is the route of another application of this project. */
export type OtherRoute = { title: string; isApplication: boolean; path: string }

const { routes } = application
const partOf = 'app.kubernetes.io/part-of'

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
 * Returns each with a path that both serve. A route of somebody else for every path is not among them, because Istio tries it
 * last. Returns none if the user may not list routes.
 */
export async function findOtherRoutes(route: PublicRoute): Promise<OtherRoute[]> {
  const isHttp = route.kind === 'gateway-api'
  const kind = isHttp ? `httproutes.${gatewayApiGroup}` : `virtualservices.${istioGroup}`
  const all = await listResources(kind).catch((error) => {
    if (error instanceof UserError) return []
    throw error
  })
  const find = isHttp ? findInHttpRoute : findInVirtualService
  return all
    .filter(({ metadata }) => metadata.namespace !== namespace || metadata.name !== service)
    .flatMap((each) => {
      const { kind: name, metadata } = each
      const isApplication = metadata.labels?.[partOf] === 'secure-signing'
      const path = find(each, route, isApplication)
      if (path === undefined) return []
      return [{ title: `${name} ${metadata.namespace}/${metadata.name}`, isApplication, path }]
    })
}

/** The Gateways `public` of two applications are different resources for the same port of the same gateway. */
function findInVirtualService(
  { metadata, spec }: Resource,
  { kind, gateway, host }: PublicRoute,
  isApplication: boolean,
): string | undefined {
  const { gateways, hosts, http } = virtualService.parse(spec ?? {})
  const bound = gateways.map((name) =>
    name.includes('/') ? name : `${metadata.namespace}/${name}`,
  )
  const isBound =
    bound.includes(`${gateway.namespace}/${gateway.name}`) ||
    (isApplication && kind === 'own' && bound.includes(`${metadata.namespace}/${gateway.name}`))
  if (!isBound || !hosts.some((each) => shares(each, host, isApplication))) return undefined
  const uris = http.flatMap(({ match }) => match.map(({ uri = {} }) => uri))
  return routes.find(({ path }) => uris.some((uri) => servesUri(uri, path, isApplication)))?.path
}

/** `path`: one of ours, which may end with `/*`. */
function servesUri(
  { exact, prefix, regex }: Record<string, string>,
  path: string,
  isApplication: boolean,
): boolean {
  if (exact !== undefined) return coversPath(path, exact)
  if (prefix === '/') return isApplication
  if (prefix !== undefined) {
    return (readPrefix(path) ?? path).startsWith(prefix) || coversPath(path, prefix)
  }
  return regex !== undefined && regex !== '*' && matchesExpression(regex, path)
}

/** In the Gateway API an exact path comes before every other match. */
function findInHttpRoute(
  { metadata, spec }: Resource,
  { gateway, host }: PublicRoute,
  isApplication: boolean,
): string | undefined {
  const { parentRefs, hostnames, rules } = httpRoute.parse(spec ?? {})
  const isBound = parentRefs.some(
    (each) =>
      each.name === gateway.name && (each.namespace ?? metadata.namespace) === gateway.namespace,
  )
  const hosts = hostnames.length === 0 ? ['*'] : hostnames
  const isHost = hosts.some((each) => shares(each, host, isApplication))
  if (!isBound || !isHost) return undefined
  const paths = rules.flatMap(({ matches }) => matches.map((each) => each.path))
  return routes.find(({ path: own }) =>
    paths.some((path) => {
      if (path === undefined) return false
      if (path.type === 'Exact')
        return isApplication ? servesUri({ exact: path.value }, own, true) : path.value === own
      return isApplication && servesUri({ prefix: path.value }, own, true)
    }),
  )?.path
}

/** Another application may have a more specific host, which comes first, or a less specific one. */
function shares(pattern: string, host: string | undefined, isApplication: boolean): boolean {
  if (isApplication) return pattern === (host ?? '*')
  return host === undefined || matchesHost(pattern, host)
}

function matchesExpression(text: string, path: string): boolean {
  try {
    return new RegExp(`^(?:${text})$`).test(readPrefix(path) ?? path)
  } catch {
    return false
  }
}
