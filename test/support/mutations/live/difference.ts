// What has to be applied and deleted so that a list of resources becomes another.
import { type Resource, resourceKey } from '../../../../tools/kube/resources.ts'

export type Difference = { applied: readonly Resource[]; deleted: readonly Resource[] }

/** A resource that both lists share is unchanged. */
export function compareLists(before: readonly Resource[], after: readonly Resource[]): Difference {
  const unchanged = new Set(before)
  const keys = new Set(after.map(resourceKey))
  return {
    applied: after.filter((each) => !unchanged.has(each)),
    deleted: before.filter((each) => !keys.has(resourceKey(each))),
  }
}

/** Returns what undoes a difference of `before`. */
export function invert(before: readonly Resource[], { applied, deleted }: Difference): Difference {
  const byKey = new Map(before.map((each) => [resourceKey(each), each]))
  const changed = applied.map((each) => [each, byKey.get(resourceKey(each))] as const)
  return {
    applied: [...deleted, ...changed.flatMap(([, former]) => former ?? [])],
    deleted: changed.filter(([, former]) => former === undefined).map(([each]) => each),
  }
}
