// What public clients can reach: one path of the frontend.
import { z } from 'zod'
import type { Resource } from '../../kube/resources.ts'
import { type Finding, type Path, readAt, valueAt } from '../finding.ts'
import { findPodNamespace, isOfPodNamespace, listInScope, selectsPod } from '../model/namespace.ts'
import type { Rule } from '../rule.ts'

const destination = z.object({
  host: z.string(),
  port: z.object({ number: z.number() }).optional(),
})
const routes = z.array(z.object({ destination })).default([])
const httpRoute = z.object({
  match: z.array(z.looseObject({ uri: z.record(z.string(), z.string()).optional() })).default([]),
  route: routes,
  mirror: destination.optional(),
  mirrors: routes,
  rewrite: z.unknown().optional(),
})
const streams = z.array(z.object({ route: routes })).default([])
const routeSpec = z.object({ http: z.array(httpRoute).default([]), tcp: streams, tls: streams })
const serverSpec = z.object({
  servers: z
    .array(z.object({ port: z.object({ number: z.number(), protocol: z.string() }) }))
    .default([]),
})
const signerPort = 8081
const publicPath = '/process'
type Destination = z.infer<typeof destination>
type HttpRoute = z.infer<typeof httpRoute>

export const routeRules: readonly Rule[] = [
  {
    name: 'public-route',
    title: 'a VirtualService routes only the public path to the frontend',
    find: (resources) => {
      const services = listInScope(resources, 'Service')
        .filter(({ spec }) => selectsPod(valueAt(spec, ['selector']), resources))
        .map(({ metadata }) => metadata.name)
      const names = ['frontend', ...services]
      const namespace = findPodNamespace(resources)
      return resources
        .filter(({ kind }) => kind === 'VirtualService')
        .flatMap((resource) => {
          // A host without a namespace is in the namespace of the VirtualService.
          const own = resource.metadata.namespace ?? namespace
          return checkRoutes(resource, ({ host }) => {
            const [name = '', owner = own] = host.split('.')
            return host === 'signer.pod.internal' || (names.includes(name) && owner === namespace)
          })
        })
    },
  },
  {
    name: 'public-port',
    title: 'a Gateway of the namespace opens only HTTP, and not the port of the signer',
    find: (resources) =>
      resources
        .filter(({ kind }) => kind === 'Gateway')
        .filter(({ apiVersion }) => apiVersion.startsWith('networking.istio.io/'))
        .filter((each) => isOfPodNamespace(each, resources))
        .flatMap((resource) =>
          readAt(serverSpec, resource).servers.flatMap(({ port }, index) =>
            port.number !== signerPort && /^HTTPS?$|^HTTP2$/.test(port.protocol)
              ? []
              : [
                  {
                    resource,
                    path: ['spec', 'servers', index, 'port'],
                    message: `the gateway opens ${port.protocol} ${port.number} to public clients: open another port, with HTTP`,
                  },
                ],
          ),
        ),
  },
]

/** `isOurs`: whether a destination is one of our Pods. */
function checkRoutes(resource: Resource, isOurs: (found: Destination) => boolean): Finding[] {
  const { http, tcp, tls } = readAt(routeSpec, resource)
  const requests = http
    .map((route, index) => ({ route, path: ['spec', 'http', index] }))
    .map((each) => ({ ...each, targets: listTargets(each.route, each.path) }))
    .filter(({ targets }) => targets.some(isOurs))
    .flatMap(({ route, path, targets }) => [
      ...checkPaths(route, path),
      ...targets
        .filter(isOurs)
        .filter(({ host, port }) => !host.startsWith('frontend') || (port?.number ?? 8080) !== 8080)
        .map((target) => ({
          path: target.path,
          message: `routes to ${target.host}:${target.port?.number ?? 'its port'}: route to frontend:8080`,
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
  return [...requests, ...bytes].map((found) => ({ resource, ...found }))
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

function checkPaths({ match, rewrite }: HttpRoute, path: Path) {
  return [
    ...(match.length === 0
      ? [{ path, message: `every path is public: match the exact path ${publicPath}` }]
      : []),
    ...match
      .map(({ uri = {} }, index) => ({ uri, path: [...path, 'match', index, 'uri'] }))
      .filter(({ uri }) => uri.exact !== publicPath || Object.keys(uri).length > 1)
      .map(({ uri, path: here }) => ({
        path: here,
        message: `the public path is ${JSON.stringify(uri)}: match the exact path ${publicPath}`,
      })),
    ...(rewrite === undefined
      ? []
      : [
          { path: [...path, 'rewrite'], message: 'a rewrite makes another path public: remove it' },
        ]),
  ]
}
