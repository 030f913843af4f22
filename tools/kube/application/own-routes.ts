// Finds what an application has of its own for its Service: a route of the gateway, or a DestinationRule.
import { z } from 'zod'
import type { Manifest } from './manifests.ts'

const name = z.looseObject({ host: z.string().default(''), name: z.string().default('') })
const destination = z.looseObject({ destination: name.prefault({}) })
const labels = z.record(z.string(), z.string()).default({})
const texts = z.array(z.string()).default([])
const parent = z.looseObject({ namespace: z.string().optional(), name: z.string() })
const routeSpec = z.looseObject({
  gateways: texts,
  hosts: texts,
  hostnames: texts,
  parentRefs: z.array(parent).default([]),
  http: z.array(z.looseObject({ route: z.array(destination).default([]) })).default([]),
  rules: z.array(z.looseObject({ backendRefs: z.array(name).default([]) })).default([]),
})
const gatewaySpec = z.looseObject({ selector: labels })
const ruleSpec = z.looseObject({ host: z.string().default('') })

/** Returns the VirtualServices and HTTPRoutes that lead to the Service. With one of them, ours is left out. */
export function findOwnRoutes(manifests: readonly Manifest[], service: string): Manifest[] {
  return manifests.filter(({ resource: { kind, spec } }) => {
    if (kind !== 'VirtualService' && kind !== 'HTTPRoute') return false
    const { http, rules } = routeSpec.parse(spec ?? {})
    const hosts = http.flatMap(({ route }) => route.map((each) => each.destination.host))
    const backends = rules.flatMap(({ backendRefs }) => backendRefs.map((each) => each.name))
    return [...hosts, ...backends].some((each) => isNameOf(service, each))
  })
}

/** `selector`: the labels of the gateway's Pods, if its Gateway is among the manifests and may not exist yet. */
export type OwnRoute = { gateway?: string; selector?: string; host?: string }

/** Returns what the first route says about its gateway, in the form of GATEWAY, GATEWAY_SELECTOR and PUBLIC_HOST. */
export function readOwnRoute(
  manifests: readonly Manifest[],
  service: string,
  namespace: string,
): OwnRoute {
  const [route] = findOwnRoutes(manifests, service)
  if (route === undefined) return {}
  const { gateways, hosts, hostnames, parentRefs } = routeSpec.parse(route.resource.spec ?? {})
  const here = route.resource.metadata.namespace ?? namespace
  const named = gateways.find((each) => each !== 'mesh')
  const [ref] = parentRefs
  const text = named ?? (ref && `${ref.namespace ?? here}/${ref.name}`)
  const gateway = text === undefined || text.includes('/') ? text : `${here}/${text}`
  const host = [...hosts, ...hostnames].find((each) => each !== '*')
  const own = manifests.find(
    ({ resource: { kind, apiVersion, metadata } }) =>
      kind === 'Gateway' &&
      apiVersion.startsWith('networking.istio.io/') &&
      `${metadata.namespace ?? namespace}/${metadata.name}` === gateway,
  )
  const selector = Object.entries(gatewaySpec.parse(own?.resource.spec ?? {}).selector)
  const pods = selector.map(([key, value]) => `${key}=${value}`).join(',')
  return {
    ...(pods !== '' ? { selector: pods } : gateway !== undefined && { gateway }),
    ...(host !== undefined && { host }),
  }
}

/** Returns true if the application says itself how its Service is called. Istio applies one DestinationRule for a host. */
export function hasOwnDestinationRule(manifests: readonly Manifest[], service: string): boolean {
  return manifests.some(
    ({ resource: { kind, spec } }) =>
      kind === 'DestinationRule' && isNameOf(service, ruleSpec.parse(spec ?? {}).host),
  )
}

function isNameOf(service: string, host: string): boolean {
  return host === service || host.startsWith(`${service}.`)
}
