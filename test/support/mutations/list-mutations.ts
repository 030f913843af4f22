// Makes single changes of any list of resources: each field, list item and resource is deleted, each value changed, and what
// widens is added. The order is always the same.
import type { Path } from '../../../tools/analyze/finding.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { createRandom } from '../audit/mutations.ts'
import { listAdditions } from './additions/list-additions.ts'
import { type Change, type Mutation, toMutation } from './mutation.ts'
import { changeValue, shorten } from './values.ts'

/** Without these, it is no resource, and kubectl refuses it. */
const identity = ['apiVersion', 'kind', 'metadata', 'metadata.name']

/** `changed`: those that are changed, all by default. */
export function listMutations(
  resources: readonly Resource[],
  changed: readonly Resource[] = resources,
): Mutation[] {
  return changed.flatMap((resource) => {
    const before = JSON.stringify(resource)
    const made = [...listChanges(resource, []), ...listAdditions(resource)]
      .map((change) => toMutation(resources, resource, change))
      .filter((mutation) => JSON.stringify(mutation.changed()) !== before)
    // Two ways may make the same change.
    return [
      toMutation(resources, resource),
      ...new Map(made.map((each) => [each.name, each])).values(),
    ]
  })
}

/** Chooses `size` of `mutations`. The same seed chooses the same. */
export function sampleMutations(
  mutations: readonly Mutation[],
  size: number,
  seed: number,
): Mutation[] {
  const random = createRandom(seed)
  const drawn = mutations.map((mutation) => ({ mutation, rank: random(2 ** 32) }))
  return drawn
    .toSorted((one, other) => one.rank - other.rank)
    .slice(0, size)
    .map(({ mutation }) => mutation)
}

function listChanges(value: unknown, path: Path): Change[] {
  const deletion = { path, to: undefined, what: `${shorten(value)} deleted` }
  return [
    ...(path.length === 0 || identity.includes(path.join('.')) ? [] : [deletion]),
    ...listInner(value, path),
  ]
}

function listInner(value: unknown, path: Path): Change[] {
  if (Array.isArray(value))
    return value.flatMap((each, index) => listChanges(each, [...path, index]))
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, each]) => listChanges(each, [...path, key]))
  }
  const inner = readJson(value)
  if (inner !== undefined) return listInText(inner, path)
  return changeValue(value, path.at(-1)).map((each) => ({ path, ...each }))
}

/** Changes the JSON in a text. */
function listInText(inner: object, path: Path): Change[] {
  const wrapped = { apiVersion: '', kind: '', metadata: { name: '' }, inner }
  return [
    ...listInner(inner, ['inner']),
    ...listArrays(inner, ['inner']).map((list) => ({
      ...{ path: list, to: { prefix: '/' }, what: '+ {"prefix":"/"}', isAdded: true },
    })),
  ].map((change) => {
    const [changed] = toMutation([wrapped], wrapped, change).resources()
    return {
      path,
      to: `${JSON.stringify(changed?.inner)}\n`,
      what: `${change.path.join('.')}: ${change.what}`,
    }
  })
}

function listArrays(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.entries(value).flatMap(([key, each]) =>
    listArrays(each, [...path, Array.isArray(value) ? Number(key) : key]),
  )
  return Array.isArray(value) ? [path, ...inner] : inner
}

function readJson(value: unknown): object | undefined {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return undefined
  try {
    return Object(JSON.parse(value))
  } catch {
    return undefined
  }
}
