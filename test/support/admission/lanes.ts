// Lanes: namespaces of one API server, each with admission policies of its own, so that many versions of them act at once.
import { namespace as ours, policyPrefix, policyPrefixOf } from '../../../tools/kube/names.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { besides } from '../../../tools/verify/admission/place.ts'

const nameLabel = 'kubernetes.io/metadata.name'

/**
 * Returns an admission policy or binding for the lane. Its name and the namespace that it selects are those of the lane.
 * Everything else stays as it is, so that what is wrong stays wrong. It reaches no other lane.
 */
export function moveToLane(resource: Resource, lane: string): Resource {
  const { metadata, spec } = resource
  const name = moveName(metadata.name, lane)
  if (!isRecord(spec)) return { ...resource, metadata: { ...metadata, name } }
  const moved = structuredClone(spec)
  if (typeof moved.policyName === 'string') moved.policyName = moveName(moved.policyName, lane)
  for (const scope of [moved.matchConstraints, moved.matchResources]) {
    if (isRecord(scope) && isRecord(scope.namespaceSelector)) {
      moveSelector(scope.namespaceSelector, lane)
    }
  }
  if ('policyName' in moved) keepInLane(moved, lane)
  return { ...resource, metadata: { ...metadata, name }, spec: moved }
}

function moveName(name: string, lane: string): string {
  return name.startsWith(policyPrefix)
    ? policyPrefixOf(lane) + name.slice(policyPrefix.length)
    : `${name}-${lane}`
}

function moveSelector(selector: Record<string, unknown>, lane: string): void {
  const { matchLabels, matchExpressions } = selector
  if (isRecord(matchLabels) && matchLabels[nameLabel] === ours) matchLabels[nameLabel] = lane
  if (!Array.isArray(matchExpressions)) return
  for (const each of matchExpressions) {
    if (each?.key !== nameLabel || !Array.isArray(each.values)) continue
    each.values = each.values.map((value: unknown) => (value === ours ? lane : value))
  }
}

/** A binding that selects more namespaces would act in other lanes. */
function keepInLane(spec: Record<string, unknown>, lane: string): void {
  const resources = spec.matchResources ?? {}
  if (!isRecord(resources)) return
  const selector = resources.namespaceSelector ?? {}
  if (!isRecord(selector)) return
  const expressions = selector.matchExpressions ?? []
  if (!Array.isArray(expressions)) return
  const inLane = { key: nameLabel, operator: 'In', values: [lane, besides(lane)] }
  const namespaceSelector = { ...selector, matchExpressions: [...expressions, inLane] }
  spec.matchResources = { ...resources, namespaceSelector }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
