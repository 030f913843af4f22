// Finds what an application has of its own for its Service: a route of the gateway, or a DestinationRule.
import { z } from 'zod'
import type { Manifest } from '../../kube/application/manifests.ts'

const name = z.looseObject({ host: z.string().default(''), name: z.string().default('') })
const destination = z.looseObject({ destination: name.prefault({}) })
const routeSpec = z.looseObject({
  http: z.array(z.looseObject({ route: z.array(destination).default([]) })).default([]),
  rules: z.array(z.looseObject({ backendRefs: z.array(name).default([]) })).default([]),
})
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
