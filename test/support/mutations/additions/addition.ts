// How an addition is written: a new item of a list, or a value that is set.
import { type Path, valueAt } from '../../../../tools/analyze/finding.ts'
import type { Resource } from '../../../../tools/kube/resources.ts'
import type { Change } from '../mutation.ts'

/** Lists what widens a resource of one kind. */
export type Additions = (resource: Resource) => Change[]

/** Adds an item to the list at `path`. */
export function add(path: Path, item: unknown): Change {
  return { path, to: item, what: `+ ${JSON.stringify(item)}`, isAdded: true }
}

export function set(path: Path, value: unknown): Change {
  return { path, to: value, what: `set to ${JSON.stringify(value)}` }
}

/** Runs `one` for each item of the list at `path`, with the path of the item. */
export function forEachItem(
  resource: Resource,
  path: Path,
  one: (item: Path) => readonly Change[],
): Change[] {
  const list = valueAt(resource, path)
  return Array.isArray(list) ? list.flatMap((_, index) => one([...path, index])) : []
}
