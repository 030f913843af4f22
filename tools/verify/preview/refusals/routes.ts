// Routes: they bind to no live gateway or host, lead only to the application's own Service, and are exported to nobody.
import { type Finding, findKeys, type Path, valueAt } from '../../../analyze/finding.ts'
import type { Resource } from '../../../kube/resources.ts'
import { allowOnly, type Check, type Context, isAsDeployed, listAt, refuse } from './context.ts'

const spec = ['spec'] as const

export const checkRoute: Check = (resource, context) => [
  ...allowOnly(resource, spec, ['hosts', 'gateways', 'http', 'exportTo'], context),
  ...checkExport(resource, context),
  ...listAt(resource, [...spec, 'gateways']).flatMap((name, index) =>
    isKnownGateway(String(name), context)
      ? []
      : [refuse(resource, [...spec, 'gateways', index], `binds to the Gateway ${name} of others`)],
  ),
  ...listAt(resource, [...spec, 'hosts']).flatMap((host, index) =>
    checkHost(resource, [...spec, 'hosts', index], String(host), context),
  ),
  ...findKeys(resource.spec, spec, (key) => key === 'delegate').map((path) =>
    refuse(resource, path, 'delegates to a route of others'),
  ),
  ...findKeys(Object(resource.spec).http, [...spec, 'http'], (key) => key === 'host').flatMap(
    (path) => checkDestination(resource, path, context),
  ),
]

export const checkGateway: Check = (resource, context) => [
  ...allowOnly(resource, spec, ['selector', 'servers'], context),
  ...(listOf('Gateway', context).some((each) => isSame(each, resource, [...spec, 'selector']))
    ? []
    : [refuse(resource, [...spec, 'selector'], 'selects the Pods of a live gateway')]),
  ...listAt(resource, [...spec, 'servers']).flatMap((server, index) => [
    ...listAt(resource, [...spec, 'servers', index, 'hosts']).flatMap((host, place) =>
      checkHost(resource, [...spec, 'servers', index, 'hosts', place], String(host), context),
    ),
    ...(Object(server).tls === undefined || isAsDeployed(resource, [...spec, 'servers'], context)
      ? []
      : [
          refuse(resource, [...spec, 'servers', index, 'tls'], 'uses a certificate of the gateway'),
        ]),
  ]),
]

export const checkDestinationRule: Check = (resource, context) => [
  ...allowOnly(
    resource,
    spec,
    ['host', 'exportTo', 'trafficPolicy', 'subsets', 'workloadSelector'],
    context,
  ),
  ...checkExport(resource, context),
  ...checkDestination(resource, [...spec, 'host'], context),
  ...findKeys(resource.spec, spec, (key) => key === 'credentialName').map((path) =>
    refuse(resource, path, 'names a Secret'),
  ),
]

export const checkServiceEntry: Check = (resource, context) => [
  ...allowOnly(
    resource,
    spec,
    [
      ...['hosts', 'addresses', 'ports', 'location', 'resolution', 'endpoints', 'exportTo'],
      'subjectAltNames',
    ],
    context,
  ),
  ...checkExport(resource, context),
  ...listAt(resource, [...spec, 'hosts']).flatMap((host, index) =>
    isAsDeployed(resource, [...spec, 'hosts'], context) || isPrivate(String(host))
      ? []
      : [refuse(resource, [...spec, 'hosts', index], `claims the host ${host}, which others have`)],
  ),
  ...(valueAt(resource, [...spec, 'endpoints']) === undefined ||
  isAsDeployed(resource, [...spec, 'endpoints'], context)
    ? []
    : [refuse(resource, [...spec, 'endpoints'], 'leads to addresses that are not deployed')]),
]

/** "*" only where it is deployed, because the scratch gateway takes its place there. */
function checkExport(resource: Resource, context: Context): Finding[] {
  const path = [...spec, 'exportTo']
  const to = valueAt(resource, path)
  const isOwn = to === undefined || (Array.isArray(to) && to.join() === '.')
  if (isOwn || isAsDeployed(resource, path, context)) return []
  return [refuse(resource, path, `is exported to ${JSON.stringify(to)}. A preview exports to "."`)]
}

function checkHost(resource: Resource, path: Path, host: string, context: Context): Finding[] {
  const own = [...listOf('VirtualService', context), ...listOf('Gateway', context)]
    .flatMap((each) =>
      findKeys(each.spec, spec, (key) => key === 'hosts').map((at) => valueAt(each, at)),
    )
    .flat()
  const isOwn = own.includes(host) || host === context.publicHost || isService(host, context)
  return isOwn ? [] : [refuse(resource, path, `takes the host ${host}, which is not deployed here`)]
}

function checkDestination(resource: Resource, path: Path, context: Context): Finding[] {
  const host = String(valueAt(resource, path))
  const entries = [...context.deployed, ...context.changed].filter(
    ({ kind }) => kind === 'ServiceEntry',
  )
  const isEntry = entries.some((each) => listAt(each, [...spec, 'hosts']).includes(host))
  return isService(host, context) || isEntry
    ? []
    : [refuse(resource, path, `leads to ${host}, which is no Service of the application`)]
}

/** A short name, or one of this namespace. */
function isService(host: string, { namespace, deployed, changed }: Context): boolean {
  const [name = '', where = namespace, ...rest] = host.split('.')
  const isName = rest.length === 0 || rest[0] === 'svc'
  return (
    isName &&
    where === namespace &&
    [...deployed, ...changed].some(
      ({ kind, metadata }) => kind === 'Service' && metadata.name === name,
    )
  )
}

function isKnownGateway(name: string, context: Context): boolean {
  const bound = listOf('VirtualService', context).flatMap((each) =>
    listAt(each, [...spec, 'gateways']),
  )
  const own = listOf('Gateway', context).flatMap(({ metadata }) => [
    metadata.name,
    `${context.namespace}/${metadata.name}`,
  ])
  return bound.includes(name) || own.includes(name)
}

/** A name that only this Pod could use. */
function isPrivate(host: string): boolean {
  return /^[a-z0-9-]+\.pod\.internal$/.test(host)
}

function listOf(kind: string, { deployed }: Context): Resource[] {
  return deployed.filter((each) => each.kind === kind)
}

function isSame(one: Resource, other: Resource, path: Path): boolean {
  return JSON.stringify(valueAt(one, path)) === JSON.stringify(valueAt(other, path))
}
