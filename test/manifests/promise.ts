// A promise about resources: what it says, how to look for what breaks it, and changes that break it, to show that it
// would be seen.
import { expect, test } from 'vitest'
import type { Resource } from '../../deploy/resources.ts'

export type Change = readonly [resource: string, path: string, value: unknown]

export type ResourcePromise = {
  /** A plain sentence. */
  title: string
  /** Everything that breaks the promise, one line each; nothing if it is kept. */
  find: (resources: readonly Resource[]) => string[]
  /** What a careless change would be → that change. Each must be found. */
  broken: Record<string, Change>
}

/** One test that each promise is kept by `load()`, and one for each change that breaks it. */
export function testPromises(
  promises: readonly ResourcePromise[],
  load: () => readonly Resource[],
): void {
  for (const { title, find, broken } of promises) {
    test(title, () => expect(find(load())).toEqual([]))
    for (const [mistake, change] of Object.entries(broken)) {
      test(`${title}: notices ${mistake}`, () => {
        expect(find(applyChange(load(), change))).not.toEqual([])
      })
    }
  }
}

/**
 * Returns a copy of `resources` with one value set at a dotted path ("spec.rules.0", "~1" for a dot in a name),
 * `undefined` removing it, and "+" as the last part appending to a list. The resource "+" adds a resource. Throws if
 * the path leads nowhere.
 */
export function applyChange(resources: readonly Resource[], change: Change): Resource[] {
  const [name, path, value] = change
  const copy = structuredClone([...resources])
  if (name === '+') return [...copy, value as Resource]
  const index = copy.findIndex(({ kind, metadata }) => `${kind}/${metadata.name}` === name)
  const resource = copy[index]
  if (resource === undefined) throw new Error(`no ${name} to change`)
  if (path === '') return copy.toSpliced(index, 1)
  setAt(
    resource,
    path.split('.').map((part) => part.replaceAll('~1', '.')),
    value,
  )
  return copy
}

function setAt(parent: unknown, path: readonly string[], value: unknown): void {
  const [part = '', ...rest] = path
  if (typeof parent !== 'object' || parent === null) throw new Error(`nothing at ${part}`)
  const record = parent as Record<string, unknown>
  if (rest.length > 0) setAt(record[part], rest, value)
  else if (part === '+' && Array.isArray(parent)) parent.push(value)
  else if (value === undefined) delete record[part]
  else record[part] = value
}
