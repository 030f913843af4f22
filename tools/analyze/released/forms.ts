// The forms of values that a deployment fills in.
import { createPublicKey } from 'node:crypto'
import { z } from 'zod'
import { signerPort } from '../../kube/names.ts'
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
/** The same without a pattern, but for no host at all. */
export const namedHost =
  /^(~\/\*|(\.|[a-z0-9][a-z0-9-]*)\/[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)$/
/** The socket of the signer, or an abstract one, which every container can use. */
const toSigner = /^unix:\/\/(@|.*signer\.sock$)/
/** Ports of the proxy itself. On 8081 of loopback it serves the signer, with the identity of the Pod. */
const proxyPort = /:(8081|150\d\d)$/
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
    z
      .strictObject({
        port: z.strictObject({
          number: z
            .int()
            .positive()
            .max(65_535)
            .refine((number) => number !== signerPort),
          name: z.string().regex(/^[a-z0-9-]+$/),
          protocol: z.enum(['HTTP', 'HTTPS', 'HTTP2']),
        }),
        hosts: z.array(z.string().regex(serverHost)).nonempty(),
        name: z.string().optional(),
        tls: z
          .looseObject({ mode: z.enum(['SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL']).optional() })
          .optional(),
      })
      .refine(({ port, tls }) => (port.protocol === 'HTTPS') === (tls?.mode !== undefined)),
  )
  .nonempty()
const removed = z.array(z.string()).default([])
/** What a client must not set, because the Pod or its proxy reads it. */
const trusted = ['caller-token', 'x-forwarded-client-cert']
const added = z
  .record(z.string(), z.string())
  .default({})
  .refine((headers) => !Object.keys(headers).some((each) => trusted.includes(each.toLowerCase())))
const length = z.string().regex(/^(\d+(\.\d+)?(ms|s|m|h))+$/)
const istioRoutes = z.array(
  z.looseObject({
    route: z.array(z.looseObject({ destination: z.looseObject({ host: z.string() }) })).default([]),
  }),
)
const anything = z.unknown().optional()
/** What a route to the application may have. */
const ownRoute = z.strictObject({
  name: z.string().optional(),
  match: anything,
  route: z.array(
    z.strictObject({
      destination: z.strictObject({ host: z.string(), port: anything }),
      weight: z.number().optional(),
    }),
  ),
  headers: z.strictObject({
    request: z.strictObject({ remove: removed, set: added, add: added }),
    response: anything,
  }),
  timeout: length.optional(),
  ...{ retries: anything, corsPolicy: anything },
  // The rule public-route judges these.
  ...{ rewrite: anything, mirror: anything, mirrors: anything },
})
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

const connectionPool = z
  .looseObject({ tcp: z.looseObject({ connectTimeout: length.optional() }).optional() })
  .optional()

/** True for a list of texts that has at least one. */
export function areTexts(found: unknown, form: RegExp): boolean {
  return z.array(z.string().regex(form)).nonempty().safeParse(found).success
}

export function isText(found: unknown, form: RegExp): boolean {
  return typeof found === 'string' && form.test(found)
}

/** True for exact identities of `trustDomain` in one namespace, of which none is `own`. */
export function areIdentities(found: unknown, trustDomain: string, own: string): boolean {
  if (!areTexts(found, principal)) return false
  const identities = (found as string[]).map((each) => principal.exec(each) ?? [])
  return (
    new Set(identities.map(([, , namespace]) => namespace)).size === 1 &&
    identities.every(([all, domain]) => domain === trustDomain && !all?.endsWith(own))
  )
}

/** True for the settings of connections of a DestinationRule. */
export function isConnectionPool(found: unknown): boolean {
  return connectionPool.safeParse(found).success
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

/** True if a route leads to the Service, and each that does leads nowhere else and keeps no caller token of a client. */
export function areRoutes(found: unknown, { service }: Application): boolean {
  const parsed = istioRoutes.safeParse(found)
  if (!parsed.success) return false
  const isOwn = (each: { destination: { host: string } }) =>
    each.destination.host.split('.')[0] === service
  const own = parsed.data.filter(({ route }) => route.some(isOwn))
  return (
    own.length > 0 &&
    own.every((each) => {
      const { success, data } = ownRoute.safeParse(each)
      return success && data.route.every(isOwn) && removesToken(data.headers.request.remove)
    })
  )
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
  const endpoint = String(valueAt(found, ['defaultEndpoint']) ?? '')
  return (
    !isOurs &&
    typeof number === 'number' &&
    ![port, signerPort].includes(number) &&
    !toSigner.test(endpoint) &&
    !proxyPort.test(endpoint)
  )
}
