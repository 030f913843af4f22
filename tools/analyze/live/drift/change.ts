// Compares a resource of the cluster with what would be applied, field by field.
import { isDeepStrictEqual } from 'node:util'
import type { Path } from '../../finding.ts'

/** Undefined is a field or an item that is not there. `path`: in the live resource, or for what it lacks, in the wanted one. */
export type Change = { path: Path; wanted: unknown; live: unknown }

/** The field that names an item of a list, for the lists that have one. */
const names = ['name', 'mountPath']

export function compare(wanted: unknown, live: unknown, path: Path): Change[] {
  if (isDeepStrictEqual(wanted, live)) return []
  if (Array.isArray(wanted) && Array.isArray(live)) return compareLists(wanted, live, path)
  if (!isObject(wanted) || !isObject(live)) return [{ path, wanted, live }]
  const keys = new Set([...Object.keys(wanted), ...Object.keys(live)])
  return [...keys].flatMap((key) => compare(wanted[key], live[key], [...path, key]))
}

function compareLists(wanted: readonly unknown[], live: readonly unknown[], path: Path): Change[] {
  const pairs = pairUp(wanted, live)
  const missing = wanted.flatMap((item, index) =>
    pairs.some(([of]) => of === index)
      ? []
      : [{ path: [...path, index], wanted: item, live: undefined }],
  )
  const added = live.flatMap((item, index) =>
    pairs.some(([, of]) => of === index)
      ? []
      : [{ path: [...path, index], wanted: undefined, live: item }],
  )
  const inside = pairs.flatMap(([from, to]) => compare(wanted[from], live[to], [...path, to]))
  const found = [...inside, ...missing, ...added]
  // The lists have the same items. So the order is the difference.
  return found.length === 0 ? [{ path, wanted, live }] : found
}

/** The items that belong together, by their indexes: of one name, or equal, or one object in place of another. */
function pairUp(wanted: readonly unknown[], live: readonly unknown[]): [number, number][] {
  const name = names.find((each) => isNamedBy(each, wanted) && isNamedBy(each, live))
  const isSame = (one: unknown, other: unknown) =>
    name === undefined ? isDeepStrictEqual(one, other) : Object(one)[name] === Object(other)[name]
  const left = new Set(live.keys())
  const pairs = wanted.flatMap((item, index): [number, number][] => {
    const to = [...left].find((each) => isSame(item, live[each]))
    if (to === undefined) return []
    left.delete(to)
    return [[index, to]]
  })
  if (name !== undefined) return pairs
  const unpaired = [...wanted.keys()].filter((index) => !pairs.some(([of]) => of === index))
  const rest = [...left].filter((index) => isObject(live[index]))
  const replaced = unpaired
    .filter((index) => isObject(wanted[index]))
    .flatMap((index, at): [number, number][] => {
      const to = rest[at]
      return to === undefined ? [] : [[index, to]]
    })
  return [...pairs, ...replaced]
}

function isNamedBy(name: string, items: readonly unknown[]): boolean {
  const found = items.map((each) => Object(each)[name])
  return found.every((each) => typeof each === 'string') && new Set(found).size === found.length
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
