// A mutation of the sample, as a change of a lane.
import type { Resource } from '../../../../tools/kube/resources.ts'
import type { Mutation } from '../mutation.ts'
import { moveToLane } from './cluster-facts.ts'
import { compareLists, type Difference } from './difference.ts'
import type { Lane } from './lane.ts'

export function moveChange(
  { names, facts }: Lane,
  sample: readonly Resource[],
  mutation: Mutation,
): Difference {
  const move = (each: Resource) => moveToLane(each, names, facts)
  const { applied, deleted } = compareLists(sample, mutation.resources())
  return {
    // Without its namespace, a resource goes to that of the user. Only its absence concerns the lane.
    applied: applied.map(move).filter((each) => !lostNamespace(mutation.resource, each)),
    deleted: deleted.map(move),
  }
}

function lostNamespace(before: Resource, { metadata }: Resource): boolean {
  return before.metadata.namespace !== undefined && !metadata.namespace
}
