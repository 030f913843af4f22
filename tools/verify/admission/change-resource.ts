// Changes of a resource, as data.
import type { Path } from '../../analyze/finding.ts'
import type { Resource } from '../../kube/resources.ts'

/** A path in the resource and its new value, see changeResource. */
export type ResourceChange = readonly [path: string, value: unknown]

/**
 * Returns a copy with one value set at a dotted path, with "~1" for a dot in a name. An item of a list has its index or its
 * name, e.g. "spec.containers.signer.env.0". `undefined` removes the value. A last part "+" appends to a list. Throws if the
 * path does not exist.
 */
export function changeResource(resource: Resource, [path, value]: ResourceChange): Resource {
  const copy = structuredClone(resource)
  setAt(copy, toPath(path), value)
  return copy
}

export function changeAll(resource: Resource, changes: readonly ResourceChange[] = []): Resource {
  return changes.reduce(changeResource, resource)
}

/** Whether the paths exist. */
export function canChange(resource: Resource, changes?: readonly ResourceChange[]): boolean {
  try {
    changeAll(resource, changes)
    return true
  } catch {
    return false
  }
}

export function toPath(dotted: string): string[] {
  return dotted === '' ? [] : dotted.split('.').map((part) => part.replaceAll('~1', '.'))
}

function setAt(parent: unknown, [part = '', ...rest]: Path, value: unknown): void {
  if (typeof parent !== 'object' || parent === null) throw new Error(`nothing at ${part}`)
  if (part === '+' && Array.isArray(parent)) return void parent.push(value)
  const record = parent as Record<string, unknown>
  const key = Array.isArray(parent) ? findItem(parent, String(part)) : part
  if (rest.length > 0) setAt(record[key], rest, value)
  else if (value === undefined) delete record[key]
  else record[key] = value
}

function findItem(list: readonly unknown[], part: string): string | number {
  if (/^\d+$/.test(part)) return part
  const index = list.findIndex((each) => Object(each).name === part)
  if (index < 0) throw new Error(`nothing is called ${part}`)
  return index
}
