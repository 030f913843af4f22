// Finds who wrote a field of a live resource, and when, by the field managers that the API server records.
import { isDeepStrictEqual } from 'node:util'
import type { OwnedResource } from '../../../kube/field-owners.ts'
import { isOurs } from '../../../kube/writers/field-managers.ts'
import { type Path, valueAt } from '../../finding.ts'

type Entry = OwnedResource['metadata']['managedFields'][number]

/** Returns a sentence about who wrote what is at `path`. Nobody owns a field that is removed. */
export function describeWriter(live: OwnedResource, path: Path, isRemoved: boolean): string {
  const owner = findOwner(live, isRemoved ? path.slice(0, -1) : path, isRemoved)
  if (owner !== undefined) return `${nameOf(owner)} wrote it${timeOf(owner)}`
  const last = listEntries(live).find(({ manager }) => !isOurs(manager))
  const unknown = 'Who removed it is not on record'
  if (last === undefined) return unknown
  return `${unknown}. The last other writer is ${nameOf(last)}${timeOf(last)}`
}

/** True if somebody else than `make deploy` owns the field, so that a deployment conflicts with it. */
export function isOwnedByOthers(live: OwnedResource, path: Path): boolean {
  return findOwner(live, path, false, (manager) => !isOurs(manager)) !== undefined
}

/** The newest owner, of others if there are some. `isWhole`: only one that owns the field as a whole. */
function findOwner(
  live: OwnedResource,
  path: Path,
  isWhole: boolean,
  accepts: (manager: string) => boolean = () => true,
): Entry | undefined {
  const owners = listEntries(live).filter(
    ({ fieldsV1, manager }) =>
      accepts(manager) && Object.keys(fieldsV1).length > 0 && owns(fieldsV1, live, path, isWhole),
  )
  return owners.find(({ manager }) => !isOurs(manager)) ?? owners[0]
}

/** The newest first. */
function listEntries({ metadata }: OwnedResource): Entry[] {
  return metadata.managedFields
    .filter(({ subresource }) => subresource !== 'status')
    .toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? ''))
}

function nameOf({ manager }: Entry): string {
  return isOurs(manager) ? '`make deploy`' : `"${manager || 'unknown'}"`
}

function timeOf({ time }: Entry): string {
  return time === undefined ? '' : ` at ${time}`
}

/** True if the tree of "f:<name>", "k:<keys>" and "v:<value>" has the field at `path`, or the whole field around it. */
function owns(tree: unknown, value: unknown, path: Path, isWhole: boolean): boolean {
  const [part, ...rest] = path
  if (part === undefined) return !isWhole || isDeepStrictEqual(tree, {})
  const keys = Object.keys(Object(tree)).filter((key) => key !== '.')
  // A list or map that is written as a whole has no parts, and neither has a field.
  if (keys.length === 0) return isDeepStrictEqual(tree, {})
  const inner = valueAt(value, [part])
  const key = typeof part === 'string' ? `f:${part}` : keys.find((each) => isItem(each, inner))
  return key !== undefined && keys.includes(key) && owns(Object(tree)[key], inner, rest, isWhole)
}

function isItem(key: string, item: unknown): boolean {
  if (key.startsWith('v:')) return isDeepStrictEqual(JSON.parse(key.slice(2)), item)
  if (!key.startsWith('k:')) return false
  return Object.entries(JSON.parse(key.slice(2))).every(([name, value]) =>
    isDeepStrictEqual(Object(item)[name], value),
  )
}
