// The forms of values that a deployment fills in.
import { createPublicKey } from 'node:crypto'
import { z } from 'zod'
import { valueAt } from '../finding.ts'
import type { Application } from '../model/application.ts'

export const hostName = /^(\*|(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)$/
/** Of a Gateway, with the namespaces of its routes. */
const serverHost = /^((\.|\*|[a-z0-9-]+)\/)?(\*|(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)$/
/** With its namespace, if it is another one. */
export const gatewayName = /^([a-z0-9-]+\/)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/
/** Namespace and host, as in a Sidecar. */
export const importedHost =
  /^(~\/\*|(\.|\*|[a-z0-9][a-z0-9-]*)\/(\*|(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?))$/
const principal = /^([A-Za-z0-9.-]+)\/ns\/([a-z0-9-]+)\/sa\/([a-z0-9.-]+)$/

const key = z.looseObject({
  kty: z.string(),
  use: z.literal('sig').optional(),
  alg: z
    .string()
    .regex(/^((RS|PS|ES)(256|384|512)|EdDSA)$/)
    .optional(),
})
const keySet = z.object({ keys: z.array(key) })
const operations = z.array(
  z.strictObject({
    operation: z.strictObject({
      ports: z.array(z.string()),
      methods: z.array(z.string()),
      paths: z.array(z.string()),
    }),
  }),
)
const servers = z
  .array(
    z.looseObject({
      port: z.looseObject({
        number: z.int().positive(),
        name: z.string().regex(/^[a-z0-9-]+$/),
        protocol: z.enum(['HTTP', 'HTTPS', 'HTTP2']),
      }),
      hosts: z.array(z.string().regex(serverHost)).nonempty(),
    }),
  )
  .nonempty()
const removed = z.array(z.string()).default([])
const istioRoutes = z.array(
  z.looseObject({
    route: z.array(z.looseObject({ destination: z.looseObject({ host: z.string() }) })).default([]),
    headers: z
      .looseObject({ request: z.looseObject({ remove: removed }).default({ remove: [] }) })
      .default({ request: { remove: [] } }),
  }),
)
const apiRoutes = z.array(
  z.looseObject({
    backendRefs: z.array(z.looseObject({ name: z.string() })).default([]),
    filters: z
      .array(
        z.looseObject({
          requestHeaderModifier: z.looseObject({ remove: removed }).optional(),
        }),
      )
      .default([]),
  }),
)

/** True for a list of texts that has at least one. */
export function areTexts(found: unknown, form: RegExp): boolean {
  return z.array(z.string().regex(form)).nonempty().safeParse(found).success
}

export function isText(found: unknown, form: RegExp): boolean {
  return typeof found === 'string' && form.test(found)
}

/** True for exact identities of `trustDomain`, of which none is `own`. */
export function areIdentities(found: unknown, trustDomain: string, own: string): boolean {
  return (
    areTexts(found, principal) &&
    (found as string[]).every(
      (each) => principal.exec(each)?.[1] === trustDomain && !each.endsWith(own),
    )
  )
}

export function isKeySet(found: unknown): boolean {
  try {
    const { keys } = keySet.parse(JSON.parse(String(found)))
    return keys.every((each) => createPublicKey({ key: each, format: 'jwk' }).type === 'public')
  } catch {
    return false
  }
}

export function areServers(found: unknown): boolean {
  return servers.safeParse(found).success
}

/** True if the operations of a policy are the routes of the application, at its port. */
export function areDeclared(found: unknown, { routes, port }: Application): boolean {
  const parsed = operations.safeParse(found)
  if (!parsed.success) return false
  const ofPort = parsed.data.every(({ operation }) => operation.ports.join() === String(port))
  const listed = parsed.data.flatMap(({ operation: { methods, paths } }) =>
    methods.flatMap((method) => paths.map((path) => `${method} ${path}`)),
  )
  const declared = routes.map(({ method, path }) => `${method} ${path}`)
  return (
    ofPort &&
    new Set(listed).size === new Set(declared).size &&
    declared.every((each) => listed.includes(each))
  )
}

/** True if a route leads to the Service, and none that does keeps the header of the caller token. */
export function areRoutes(found: unknown, { service }: Application): boolean {
  const parsed = istioRoutes.safeParse(found)
  if (!parsed.success) return false
  const own = parsed.data.filter(({ route }) =>
    route.some(({ destination }) => destination.host.split('.')[0] === service),
  )
  return own.length > 0 && own.every(({ headers }) => removesToken(headers.request.remove))
}

/** The same for the rules of an HTTPRoute. */
export function areRouteRules(found: unknown, { service }: Application): boolean {
  const parsed = apiRoutes.safeParse(found)
  if (!parsed.success) return false
  const own = parsed.data.filter(({ backendRefs }) =>
    backendRefs.some((each) => each.name === service),
  )
  return (
    own.length > 0 &&
    own.every(({ filters }) =>
      filters.some((each) => removesToken(each.requestHeaderModifier?.remove ?? [])),
    )
  )
}

function removesToken(names: readonly string[]): boolean {
  return names.some((each) => each.toLowerCase() === 'caller-token')
}

/** True for a listener that `make deploy` adds for an application with a Sidecar or ports of its own. */
export function isOwnListener(found: unknown, { isOurs, port }: Application): boolean {
  const number = valueAt(found, ['port', 'number'])
  return !isOurs && typeof number === 'number' && ![port, 8081].includes(number)
}
