// What public clients can reach through a VirtualService: the declared paths of the application. Rules for other kinds of routes are in
// gateway-api-rules.ts and ingress-rule.ts.
import { z } from 'zod'
import type { Resource } from '../../kube/resources.ts'
import { type Finding, type Path, readAt } from '../finding.ts'
import {
  type Application,
  describePaths,
  isDeclared,
  isPrefixDeclared,
} from '../model/application.ts'
import {
  findOwnServices,
  isRightTarget,
  type OwnServices,
  signerNames,
} from '../model/own-services.ts'
import type { Rule } from '../rule.ts'

const destination = z.object({
  host: z.string(),
  port: z.object({ number: z.number() }).optional(),
})
const routes = z.array(z.object({ destination })).default([])
const text = z.record(z.string(), z.string()).optional()
const httpRoute = z.object({
  match: z
    .array(z.looseObject({ uri: text, method: text, ignoreUriCase: z.boolean().default(false) }))
    .default([]),
  route: routes,
  mirror: destination.optional(),
  mirrors: routes,
  rewrite: z.unknown().optional(),
  delegate: z.object({ name: z.string(), namespace: z.string().optional() }).optional(),
})
const streams = z.array(z.object({ route: routes })).default([])
const routeSpec = z.object({
  hosts: z.array(z.string()).default([]),
  http: z.array(httpRoute).default([]),
  tcp: streams,
  tls: streams,
})
type HttpRoute = z.infer<typeof httpRoute>
type Found = Omit<Finding, 'resource'>

export const routeRules: readonly Rule[] = [
  {
    name: 'public-route',
    title: 'a VirtualService routes only declared paths to the application',
    find: (resources, application) => {
      const own = findOwnServices(resources, application)
      return listVirtualServices(resources).flatMap((resource) =>
        checkVirtualService(resource, own, resources, application).map((found) => ({
          resource,
          ...found,
        })),
      )
    },
  },
]

function listVirtualServices(resources: readonly Resource[]): Resource[] {
  return resources.filter(
    ({ apiVersion, kind }) =>
      kind === 'VirtualService' && apiVersion.startsWith('networking.istio.io/'),
  )
}

function checkVirtualService(
  resource: Resource,
  own: OwnServices,
  resources: readonly Resource[],
  application: Application,
): Found[] {
  const { hosts, http, tcp, tls } = readAt(routeSpec, resource)
  const isOurs = ({ host }: { host: string }) => own.isOwn(host, resource.metadata.namespace)
  const requests = http
    .map((route, index) => ({ route, path: ['spec', 'http', index] }))
    .map((each) => ({ ...each, targets: listTargets(each.route, each.path) }))
    .filter(({ targets }) => targets.some(isOurs))
    .flatMap(({ route, path, targets }) => [
      // A delegate has the matches of the VirtualServices that lead to it.
      // Another application may rewrite its paths and copy its requests. The policy decides about what arrives.
      ...(isRestricted(resource, route, resources, application) ||
      (!application.isOurs && route.rewrite !== undefined)
        ? []
        : checkPaths(route, path, application)),
      ...(application.isOurs ? checkChanges(route, path) : []),
      ...targets
        .filter(isOurs)
        .filter(
          ({ host, port }) => !isRightTarget(application, host, port?.number ?? application.port),
        )
        .map((target) => ({
          path: target.path,
          message: `routes to ${target.host}:${target.port?.number ?? 'its port'}: route to ${application.service}:${application.port}`,
        })),
    ])
  const bytes = Object.entries({ tcp, tls }).flatMap(([list, entries]) =>
    entries.flatMap(({ route }, index) =>
      route.some((each) => isOurs(each.destination))
        ? [
            {
              path: ['spec', list, index],
              message: 'routes TCP or TLS, where no path is checked: use http',
            },
          ]
        : [],
    ),
  )
  const hijacked = hosts.flatMap((host, index) =>
    signerNames.includes(host.split('.svc.')[0] ?? '') && isOurs({ host })
      ? [
          {
            path: ['spec', 'hosts', index],
            message: `decides where the frontend's calls to the signer go: remove the host ${host}`,
          },
        ]
      : [],
  )
  return [...requests, ...bytes, ...hijacked]
}

/** True if `resource` is a delegate, and every VirtualService that leads to it matches declared paths alone. */
function isRestricted(
  { metadata }: Resource,
  { match }: HttpRoute,
  resources: readonly Resource[],
  application: Application,
): boolean {
  if (match.length > 0) return false
  const leading = listVirtualServices(resources).flatMap((root) =>
    readAt(routeSpec, root).http.filter(
      ({ delegate }) =>
        delegate?.name === metadata.name &&
        (delegate.namespace ?? root.metadata.namespace) === metadata.namespace,
    ),
  )
  return (
    leading.length > 0 && leading.every((each) => checkPaths(each, [], application).length === 0)
  )
}

function listTargets({ route, mirror, mirrors }: HttpRoute, path: Path) {
  const placed = (list: string, entries: HttpRoute['route']) =>
    entries.map((each, index) => ({ ...each.destination, path: [...path, list, index] }))
  return [
    ...placed('route', route),
    ...placed('mirrors', mirrors),
    ...(mirror === undefined ? [] : [{ ...mirror, path: [...path, 'mirror'] }]),
  ]
}

function checkPaths({ match }: HttpRoute, path: Path, application: Application): Found[] {
  const wanted = describePaths(application)
  if (match.length === 0) return [{ path, message: `every path is public: match ${wanted}` }]
  return match
    .map((each, index) => ({ ...each, path: [...path, 'match', index] }))
    .flatMap(({ uri = {}, method, ignoreUriCase, path: here }) => [
      ...(isPublic(uri, undefined, application)
        ? []
        : [
            {
              path: [...here, 'uri'],
              message: `the public path is ${JSON.stringify(uri)}: match ${wanted}`,
            },
          ]),
      ...(ignoreUriCase
        ? [
            {
              path: [...here, 'ignoreUriCase'],
              message: `other spellings of ${JSON.stringify(uri)} are public: remove ignoreUriCase`,
            },
          ]
        : []),
      ...(method === undefined ||
      !isPublic(uri, undefined, application) ||
      isPublic(uri, method.exact ?? '', application)
        ? []
        : [
            {
              path: [...here, 'method'],
              message: `the public method is ${JSON.stringify(method)}: match a declared one`,
            },
          ]),
    ])
}

/** `uri`: as Istio has it, for example {exact: /process}. Without a `method`, any declared one will do. */
function isPublic(
  uri: Readonly<Record<string, string>>,
  method: string | undefined,
  application: Application,
): boolean {
  const [[kind = '', value = ''] = [], ...others] = Object.entries(uri)
  if (others.length > 0) return false
  if (kind === 'exact') return isDeclared(application, value, method)
  return kind === 'prefix' && isPrefixDeclared(application, value, method)
}

/** What changes a request on its way, or copies it. */
function checkChanges({ rewrite, mirror, mirrors }: HttpRoute, path: Path): Found[] {
  return [
    ...(rewrite === undefined
      ? []
      : [
          { path: [...path, 'rewrite'], message: 'a rewrite makes another path public: remove it' },
        ]),
    ...[
      ...(mirror === undefined ? [] : ['mirror']),
      ...(mirrors.length > 0 ? ['mirrors'] : []),
    ].map((field) => ({
      path: [...path, field],
      message: 'a mirror sends a copy of every message elsewhere: remove it',
    })),
  ]
}
