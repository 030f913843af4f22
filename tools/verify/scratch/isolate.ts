// Cuts the routes of moved resources off from every live gateway and namespace. A gateway of the scratch namespace serves them.
import { z } from 'zod'
import { formatPath, type Path } from '../../analyze/finding.ts'
import { describeResource, type Resource } from '../../kube/resources.ts'
import type { Rewrite } from './move.ts'

/** The label of the Pods of a scratch gateway. Its value is the scratch namespace. */
export const gatewayLabel = 'secure-signing.dev/scratch-gateway'
/** The Gateway to which each route binds. */
const gatewayName = 'public'
const exported = ['VirtualService', 'DestinationRule', 'ServiceEntry']
const inMesh = 'mesh'

const routes = z.looseObject({
  gateways: z.array(z.string()).optional(),
  hosts: z.array(z.string()).optional(),
})
const servers = z.looseObject({
  servers: z
    .array(z.looseObject({ hosts: z.array(z.string()).default(['*']), port: z.looseObject({}) }))
    .default([]),
})

export type Scratch = {
  namespace: string
  /** Where the Pods of its gateway are. */
  gatewayNamespace: string
}

/**
 * Exports nothing but to the namespace of the scratch gateway, and gives each public host a name that nobody has. A route without
 * a Gateway in `resources` gets one.
 */
export function isolate(
  resources: readonly Resource[],
  scratch: Scratch,
): { resources: Resource[]; rewrites: Rewrite[] } {
  const rewrites: Rewrite[] = []
  const set = (resource: Resource, path: Path, to: unknown): Resource => {
    const from = path.reduce<unknown>((value, part) => Object(value)[part], resource)
    if (JSON.stringify(from) === JSON.stringify(to)) return resource
    const of = { resource: describeResource(resource), path: formatPath(path) }
    rewrites.push({ ...of, from: describe(from), to: describe(to) })
    return replace(resource, path, to) as Resource
  }
  const isolated = resources.map((each) => {
    const own = exported.includes(each.kind)
      ? set(each, ['spec', 'exportTo'], exportOf(each))
      : each
    if (each.kind === 'VirtualService') return isolateRoute(own)
    return each.kind === 'Gateway' && isOfIstio(each) ? isolateGateway(own) : own
  })
  const needsGateway =
    isolated.some(({ kind }) => kind === 'VirtualService') && !isolated.some(isPublicGateway)
  return {
    resources: needsGateway ? [...isolated, composeGateway()] : isolated,
    rewrites,
  }

  /** What others may see in the mesh, the scratch gateway may. */
  function exportOf({ spec }: Resource): string[] {
    const to: unknown = Object(spec).exportTo
    const isPrivate = Array.isArray(to) && to.length === 1 && to[0] === '.'
    return isPrivate ? ['.'] : ['.', scratch.gatewayNamespace]
  }

  function isolateRoute(route: Resource): Resource {
    const { gateways = [inMesh], hosts = [] } = routes.parse(route.spec)
    const own = gateways.map((each) => (each === inMesh ? inMesh : gatewayName))
    const bound = set(route, ['spec', 'gateways'], [...new Set(own)])
    return own.includes(gatewayName)
      ? set(
          bound,
          ['spec', 'hosts'],
          hosts.map((host) => moveHost(host, scratch.namespace)),
        )
      : bound
  }

  function isolateGateway(gateway: Resource): Resource {
    const selected = set(gateway, ['spec', 'selector'], selectorOf(scratch))
    const { servers: all } = servers.parse(gateway.spec)
    return set(selected, ['spec', 'servers'], [openTo(all.flatMap(({ hosts }) => hosts))])
  }

  function isPublicGateway(each: Resource): boolean {
    return each.kind === 'Gateway' && isOfIstio(each) && each.metadata.name === gatewayName
  }

  function composeGateway(): Resource {
    return {
      ...{ apiVersion: 'networking.istio.io/v1', kind: 'Gateway' },
      metadata: { name: gatewayName, namespace: scratch.namespace },
      spec: { selector: selectorOf(scratch), servers: [openTo(['*'])] },
    }
  }

  /** Without TLS, because the certificate stays with the live gateway. */
  function openTo(hosts: readonly string[]) {
    const own = [...new Set(hosts)].map((host) =>
      moveHost(host.replace(/^[^/]*\//, ''), scratch.namespace),
    )
    return { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: own }
  }
}

export function selectorOf({ namespace }: Pick<Scratch, 'namespace'>): Record<string, string> {
  return { [gatewayLabel]: namespace }
}

/** The name that a public host has in a scratch namespace. Names of the cluster stay, and so does the host of every client. */
export function moveHost(host: string, namespace: string): string {
  const isInside = !host.includes('.') || /\.svc(\.|$)/.test(host)
  return isInside ? host : `${host}.${namespace}.invalid`
}

function isOfIstio({ apiVersion }: Resource): boolean {
  return apiVersion.startsWith('networking.istio.io/')
}

function describe(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}

function replace(value: unknown, [part, ...rest]: Path, to: unknown): unknown {
  if (part === undefined) return to
  return { ...Object(value), [part]: replace(Object(value)[part], rest, to) }
}
