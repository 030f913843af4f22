// What public clients can reach through routes of the Kubernetes Gateway API: the declared paths of the application.
import { z } from 'zod'
import { keySecret, signerPort } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { type Finding, type Path, readAt } from '../finding.ts'
import {
  type Application,
  describePaths,
  isDeclared,
  isPrefixDeclared,
} from '../model/application.ts'
import { findPodNamespace, isOfPodNamespace } from '../model/namespace.ts'
import { findOwnServices, isRightTarget, type OwnServices } from '../model/own-services.ts'
import type { Rule } from '../rule.ts'

/** Routes that do not know what a path is. GRPCRoute knows only methods of services. */
const otherRoutes = ['GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute']

const reference = z.looseObject({
  group: z.string().optional(),
  kind: z.string().default('Service'),
  namespace: z.string().optional(),
  name: z.string(),
  port: z.number().optional(),
})
const filter = z.looseObject({
  type: z.string(),
  requestMirror: z.looseObject({ backendRef: reference }).optional(),
})
const filters = z.array(filter).default([])
const backends = z.array(reference.extend({ filters })).default([])
const parents = z.array(reference.extend({ kind: z.string().default('Gateway') })).default([])
const routeSpec = z.looseObject({
  parentRefs: parents,
  rules: z
    .array(
      z.looseObject({
        matches: z
          .array(
            z.looseObject({
              path: z
                .looseObject({
                  type: z.string().default('PathPrefix'),
                  value: z.string().default('/'),
                })
                .default({ type: 'PathPrefix', value: '/' }),
              method: z.string().optional(),
            }),
          )
          .default([]),
        filters,
        backendRefs: backends,
      }),
    )
    .default([]),
})
const listenerSpec = z.looseObject({
  listeners: z
    .array(
      z.looseObject({
        port: z.number(),
        protocol: z.string(),
        tls: z
          .looseObject({
            mode: z.string().default('Terminate'),
            certificateRefs: z
              .array(reference.extend({ kind: z.string().default('Secret') }))
              .default([]),
          })
          .optional(),
      }),
    )
    .default([]),
})
const grantSpec = z.looseObject({
  from: z
    .array(
      z.looseObject({ group: z.string().default(''), kind: z.string(), namespace: z.string() }),
    )
    .default([]),
  to: z
    .array(
      z.looseObject({
        group: z.string().default(''),
        kind: z.string(),
        name: z.string().optional(),
      }),
    )
    .default([]),
})
type Reference = z.infer<typeof reference>
type RouteRule = z.infer<typeof routeSpec>['rules'][number]
type Found = Omit<Finding, 'resource'>

export const gatewayApiRules: readonly Rule[] = [
  {
    name: 'public-http-route',
    title:
      'an HTTPRoute leads only declared paths to the application, and no other route leads to our Pods',
    find: (resources, application) => {
      const own = findOwnServices(resources, application)
      return listOfGroup(resources, ['HTTPRoute', ...otherRoutes]).flatMap((resource) =>
        checkRoute(resource, own, application).map((found) => ({ resource, ...found })),
      )
    },
  },
  {
    name: 'public-listener',
    title:
      'a listener in the namespace decrypts HTTP, and uses neither the port of the signer nor its Secret',
    find: (resources, application) =>
      listOfGroup(resources, ['Gateway', 'ListenerSet', 'XListenerSet']).flatMap((resource) =>
        checkListeners(resource, resources, application).map((found) => ({ resource, ...found })),
      ),
  },
  {
    name: 'reference-grant',
    title:
      'no other namespace may refer to the Secret of the key, or to the Services of our frontend',
    find: (resources, application) => {
      // Another application may have its routes in the namespace of its gateway. The policy knows that gateway.
      const names = application.isOurs ? findOwnServices(resources, application).names : undefined
      return listOfGroup(resources, ['ReferenceGrant'])
        .filter((each) => isOfPodNamespace(each, resources))
        .flatMap((resource) => {
          const { from, to } = readAt(grantSpec, resource)
          const who = [...new Set(from.map((each) => each.namespace))].join(', ')
          return to
            .map((each, index) => ({ ...each, path: ['spec', 'to', index] }))
            .filter(({ kind, name }) => isProtected(kind, name, names))
            .map(({ kind, name, path }) => ({
              resource,
              path,
              message: `lets ${who} refer to ${name ?? 'every'} ${kind} of this namespace: remove it, and keep the route in this namespace`,
            }))
        })
    },
  },
]

function listOfGroup(resources: readonly Resource[], kinds: readonly string[]): Resource[] {
  return resources.filter(
    ({ apiVersion, kind }) =>
      kinds.includes(kind) && /^gateway\.networking\.(x-)?k8s(-x)?\.io\//.test(apiVersion),
  )
}

function isProtected(kind: string, name: string | undefined, services?: readonly string[]) {
  if (kind === 'Secret') return name === undefined || name === keySecret
  return (
    kind === 'Service' && services !== undefined && (name === undefined || services.includes(name))
  )
}

function checkRoute(resource: Resource, own: OwnServices, application: Application): Found[] {
  const { parentRefs, rules } = readAt(routeSpec, resource)
  const from = resource.metadata.namespace
  const isOurs = (to: Reference) => leadsTo(to, from, own)
  return [
    // A parent that is a Service: the route changes where calls inside the mesh go.
    ...parentRefs.flatMap((parent, index) =>
      parent.kind === 'Service' && isOurs(parent)
        ? [
            {
              path: ['spec', 'parentRefs', index],
              message: `decides where calls of the mesh to the Service ${parent.name} go: bind the route to a Gateway`,
            },
          ]
        : [],
    ),
    ...rules.flatMap((rule, index) => {
      const path = ['spec', 'rules', index]
      const targets = listTargets(rule, path).filter(isOurs)
      if (targets.length === 0) return []
      if (resource.kind !== 'HTTPRoute') {
        return [
          {
            path,
            message: `a ${resource.kind} leads to ${targets[0]?.name}, where no path is checked: use an HTTPRoute`,
          },
        ]
      }
      const isRewritten = rule.filters.some(({ type }) => type === 'URLRewrite')
      return [
        // Another application may rewrite its paths and copy its requests. The policy decides about what arrives.
        ...(application.isOurs || !isRewritten ? checkMatches(rule, path, application) : []),
        ...(application.isOurs ? checkFilters(rule, path) : []),
        ...checkTargets(targets, application),
      ]
    }),
  ]
}

function leadsTo(
  { group: of = '', kind, name, namespace }: Reference,
  from: string | undefined,
  own: OwnServices,
): boolean {
  // Istio's own kind of reference, which has a whole host name.
  if (kind === 'Hostname') return own.isOwn(name, namespace ?? from)
  if (kind !== 'Service' && kind !== 'ServiceImport') return false
  const where = namespace ?? from ?? own.namespace
  return (
    (of === '' || of.endsWith('.k8s.io')) && where === own.namespace && own.names.includes(name)
  )
}

/** Lists where a rule sends requests and copies of them. */
function listTargets({ backendRefs, filters: all }: RouteRule, path: Path) {
  const mirrors = (found: RouteRule['filters'], at: Path) =>
    found.flatMap(({ requestMirror }, index) =>
      requestMirror === undefined
        ? []
        : [{ ...requestMirror.backendRef, path: [...at, 'filters', index] }],
    )
  return [
    ...backendRefs.map((each, index) => ({ ...each, path: [...path, 'backendRefs', index] })),
    ...mirrors(all, path),
    ...backendRefs.flatMap((each, index) => mirrors(each.filters, [...path, 'backendRefs', index])),
  ]
}

function checkMatches({ matches }: RouteRule, path: Path, application: Application): Found[] {
  const wanted = describePaths(application)
  if (matches.length === 0) return [{ path, message: `every path is public: match ${wanted}` }]
  return matches.flatMap(({ path: { type, value }, method }, index) => {
    const isPublic = (used?: string) =>
      type === 'Exact'
        ? isDeclared(application, value, used)
        : type === 'PathPrefix' &&
          // The prefix "/a" has whole parts of paths only, so it is "/a" and "/a/*".
          isPrefixDeclared(application, `${value.replace(/\/$/, '')}/`, used)
    if (!isPublic()) {
      return [
        {
          path: [...path, 'matches', index, 'path'],
          message: `the public path is ${type} ${value}: match ${wanted}`,
        },
      ]
    }
    return method === undefined || isPublic(method)
      ? []
      : [
          {
            path: [...path, 'matches', index, 'method'],
            message: `the public method is ${method}: match a declared one`,
          },
        ]
  })
}

function checkFilters({ filters: ofRule, backendRefs }: RouteRule, path: Path): Found[] {
  const places = [
    { found: ofRule, at: path },
    ...backendRefs.map((each, index) => ({
      found: each.filters,
      at: [...path, 'backendRefs', index],
    })),
  ]
  const messages: Readonly<Record<string, string>> = {
    URLRewrite: 'a rewrite makes another path public: remove it',
    RequestMirror: 'a mirror sends a copy of every message elsewhere: remove it',
  }
  return places.flatMap(({ found, at }) =>
    found.flatMap(({ type }, index) => {
      const message = messages[type]
      return message === undefined ? [] : [{ path: [...at, 'filters', index], message }]
    }),
  )
}

function checkTargets(
  targets: readonly (Reference & { path: Path })[],
  application: Application,
): Found[] {
  return targets
    .filter(({ name, port }) => !isRightTarget(application, name, port))
    .map(({ name, port, path }) => ({
      path,
      message: `leads to ${name}:${port ?? 'its port'}: lead to ${application.service}:${application.port}`,
    }))
}

function checkListeners(
  resource: Resource,
  resources: readonly Resource[],
  { isOurs }: Application,
): Found[] {
  const { listeners } = readAt(listenerSpec, resource)
  const isHere = isOfPodNamespace(resource, resources)
  const signing = findPodNamespace(resources)
  const where = resource.metadata.namespace ?? signing
  return listeners.flatMap(({ port, protocol, tls }, index) => {
    const path = ['spec', 'listeners', index]
    const decrypts = /^HTTPS?$/.test(protocol) && tls?.mode !== 'Passthrough'
    return [
      ...(isHere && isOurs && (port === signerPort || !decrypts)
        ? [
            {
              path,
              message: `the listener opens ${protocol} ${port} to public clients: open another port, with HTTP or HTTPS`,
            },
          ]
        : []),
      ...(tls?.certificateRefs ?? []).flatMap((each, at) =>
        each.kind === 'Secret' && each.name === keySecret && (each.namespace ?? where) === signing
          ? [
              {
                path: [...path, 'tls', 'certificateRefs', at],
                message: `the gateway reads the Secret ${keySecret} as a certificate: name another Secret`,
              },
            ]
          : [],
      ),
    ]
  })
}
