// Cuts the routes of moved resources off from every live gateway and namespace. A gateway of the scratch namespace serves them.
import { z } from 'zod'
import { formatPath, type Path } from '../../analyze/finding.ts'
import { describeResource, type Resource } from '../../kube/resources.ts'
import type { Rewrite } from './move.ts'

/** The label of the Pods of a scratch gateway. Its value is the scratch namespace. */
export const gatewayLabel = 'secure-signing.dev/scratch-gateway'
/** The only Gateway, to which each route binds. No check of a live deployment takes it for its own. */
export const gatewayName = 'scratch'
/** The same for a Service. */
export const exportAnnotation = 'networking.istio.io/exportTo'
const exported = ['VirtualService', 'DestinationRule', 'ServiceEntry']
const inMesh = 'mesh'

const routes = z.looseObject({
  gateways: z.array(z.string()).optional(),
  hosts: z.array(z.string()).optional(),
})
const servers = z.looseObject({
  servers: z.array(z.looseObject({ hosts: z.array(z.string()).default(['*']) })).default([]),
})

export type Scratch = {
  namespace: string
  /** Where the Pods of its gateway are. */
  gatewayNamespace: string
}

/**
 * Exports nothing but to the namespace of the scratch gateway, and gives each public host a name that nobody has. One Gateway stands
 * in for all, with their hosts.
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
  const gateways = resources.filter((each) => each.kind === 'Gateway' && isOfIstio(each))
  const isolated = resources
    .filter((each) => !gateways.includes(each))
    .map((each) => {
      const annotation = each.metadata.annotations?.[exportAnnotation]
      if (annotation !== undefined && !['.', '~'].includes(annotation)) {
        const to = `.,${scratch.gatewayNamespace}`
        return set(each, ['metadata', 'annotations', exportAnnotation], to)
      }
      if (!exported.includes(each.kind)) return each
      const own = set(each, ['spec', 'exportTo'], exportOf(each))
      return each.kind === 'VirtualService' ? isolateRoute(own) : own
    })
  for (const { metadata, spec } of gateways) {
    const resource = `Gateway/${metadata.name}`
    const to = describe(selectorOf(scratch))
    rewrites.push({ resource, path: 'spec.selector', from: describe(Object(spec).selector), to })
  }
  return { resources: [...isolated, composeGateway(gateways)], rewrites }

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

  /** Without TLS, because the certificate stays with the live gateway. */
  function composeGateway(all: readonly Resource[]): Resource {
    const hosts = all
      .flatMap(({ spec }) => servers.parse(spec).servers.flatMap((each) => each.hosts))
      .map((host) => moveHost(host.replace(/^[^/]*\//, ''), scratch.namespace))
    const port = { number: 80, name: 'http', protocol: 'HTTP' }
    return {
      ...{ apiVersion: 'networking.istio.io/v1', kind: 'Gateway' },
      metadata: { name: gatewayName, namespace: scratch.namespace },
      spec: {
        selector: selectorOf(scratch),
        servers: [{ port, hosts: hosts.length === 0 ? ['*'] : [...new Set(hosts)] }],
      },
    }
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
