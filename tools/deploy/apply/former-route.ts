// Moves public clients to another Gateway or identity without a lost request. Until a message was signed through the new route,
// the deployed route serves beside it: its Gateway stays, and the policy allows both gateways.
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { deleteResources } from '../../kube/deletion/delete-resources.ts'
import { matchesHost } from '../../kube/gateway/doors.ts'
import { applyResource } from '../../kube/kubectl.ts'
import { namespace, service } from '../../kube/names.ts'
import {
  describeResource,
  formatResources,
  parseResources,
  type Resource,
} from '../../kube/resources.ts'
import type { Rendering } from '../render/render.ts'
import { readApplied } from './orphaned-resources.ts'

const make = (apiVersion: string, kind: string, name: string): Resource => ({
  ...{ apiVersion, kind },
  metadata: { name, namespace },
})
/** What the public route may consist of. */
export const routeResources: readonly Resource[] = [
  make('networking.istio.io/v1', 'Gateway', 'public'),
  make('networking.istio.io/v1', 'VirtualService', service),
  make('gateway.networking.k8s.io/v1', 'HTTPRoute', service),
]
/** What says which gateways may send requests. */
const allowing: readonly Resource[] = [
  make('security.istio.io/v1', 'AuthorizationPolicy', 'signer-allow-gateway'),
  make('networking.k8s.io/v1', 'NetworkPolicy', 'signer-allow-gateway-to-frontend'),
]

const texts = z.array(z.string()).default([])
const virtualService = z.looseObject({ gateways: texts, hosts: texts })
const httpRoute = z.looseObject({ parentRefs: z.array(z.unknown()).default([]), hostnames: texts })
const policy = z.looseObject({
  rules: z.tuple([
    z.looseObject({
      from: z.tuple([z.looseObject({ source: z.looseObject({ principals: texts }) })]),
    }),
  ]),
})
const networkPolicy = z.looseObject({
  ingress: z.tuple([z.looseObject({ from: z.array(z.unknown()) })]),
})

export type FormerRoute = {
  /** The resources of the deployed route that the new one does not have. */
  removed: Resource[]
  /** The deployed resources that both routes have. */
  kept: Resource[]
}

/** Leaves out what does not exist, and what `make deploy` did not apply. */
export async function findFormerRoute(resources: readonly Resource[]): Promise<FormerRoute> {
  const wanted = resources.map(describeGroup)
  const found = await readApplied([...routeResources, ...allowing])
  return {
    removed: found.filter((each) => !wanted.includes(describeGroup(each)) && isPartOfRoute(each)),
    kept: found.filter((each) => wanted.includes(describeGroup(each))),
  }
}

export function isPartOfRoute(resource: Resource): boolean {
  return routeResources.some((each) => describeGroup(each) === describeGroup(resource))
}

/** Returns `rendering` with what the deployed route allows and serves. It is a new file in the same folder. */
export async function keepFormerRoute(
  rendering: Rendering,
  { kept }: FormerRoute,
): Promise<Rendering> {
  const resources = parseResources(rendering.yaml)
  const merged = resources.map((each) => {
    const deployed = kept.find((other) => describeGroup(other) === describeGroup(each))
    return deployed === undefined ? each : mergeRoute(each, deployed)
  })
  if (isDeepStrictEqual(merged, resources)) return rendering
  const yaml = formatResources(merged)
  const path = join(dirname(rendering.path), 'transition.yaml')
  await writeFile(path, yaml)
  return { path, yaml }
}

/** Leaves the route of `rendering` alone. */
export async function removeFormerRoute(
  rendering: Rendering,
  { removed, kept }: FormerRoute,
): Promise<void> {
  const names = kept.map(describeGroup)
  for (const resource of parseResources(rendering.yaml)) {
    if (names.includes(describeGroup(resource))) await applyResource(resource)
  }
  if (removed.length > 0) await deleteResources(removed, { again: 'make deploy' })
}

function mergeRoute(wanted: Resource, deployed: Resource): Resource {
  const parsed = <T>(schema: z.ZodType<T>) => {
    const [own, other] = [schema.safeParse(wanted.spec), schema.safeParse(deployed.spec)]
    return own.success && other.success ? ([own.data, other.data] as const) : undefined
  }
  if (wanted.kind === 'VirtualService') {
    const [own, other] = parsed(virtualService) ?? []
    if (own === undefined || other === undefined) return wanted
    const spec = {
      ...own,
      gateways: unite(own.gateways, other.gateways),
      hosts: dropCovered(unite(own.hosts, other.hosts)),
    }
    return { ...wanted, spec }
  }
  if (wanted.kind === 'HTTPRoute') {
    const [own, other] = parsed(httpRoute) ?? []
    if (own === undefined || other === undefined) return wanted
    const parentRefs = unite(own.parentRefs, other.parentRefs)
    // No host name means every host.
    const isOpen = own.hostnames.length === 0 || other.hostnames.length === 0
    const { hostnames, ...rest } = own
    const named = isOpen ? {} : { hostnames: unite(hostnames, other.hostnames) }
    return { ...wanted, spec: { ...rest, ...named, parentRefs } }
  }
  if (wanted.kind === 'AuthorizationPolicy') {
    const [own, other] = parsed(policy) ?? []
    if (own === undefined || other === undefined) return wanted
    const [rule] = own.rules
    const [{ source }] = rule.from
    const principals = unite(source.principals, other.rules[0].from[0].source.principals)
    const from = [{ source: { ...source, principals } }]
    return { ...wanted, spec: { ...own, rules: [{ ...rule, from }] } }
  }
  const [own, other] = parsed(networkPolicy) ?? []
  if (own === undefined || other === undefined) return wanted
  const [rule] = own.ingress
  const from = unite(rule.from, other.ingress[0].from)
  return { ...wanted, spec: { ...own, ingress: [{ ...rule, from }] } }
}

/** Returns each entry once, those of `first` before those of `second`. */
function unite<T>(first: readonly T[], second: readonly T[]): T[] {
  const byText = new Map([...first, ...second].map((each) => [JSON.stringify(each), each]))
  return [...byText.values()]
}

/** Leaves out the hosts that a wildcard covers. Istio refuses both in one VirtualService. */
function dropCovered(hosts: readonly string[]): string[] {
  return hosts.filter((host) => !hosts.some((each) => each !== host && matchesHost(each, host)))
}

/** Tells the Gateways of both kinds apart. */
function describeGroup(resource: Resource): string {
  return `${resource.apiVersion.replace(/\/.*/, '')}/${describeResource(resource)}`
}
