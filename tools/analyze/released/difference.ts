// Compares the meaning of two resources. Labels, most annotations, messages, the order of lists, defaults and white space in CEL
// have none.
import { isDeepStrictEqual } from 'node:util'
import type { Resource } from '../../kube/resources.ts'
import type { Path } from '../finding.ts'
import { isSameExpression } from './cel.ts'

/** Undefined is a field or an item that is not there. `path`: in the resource that was found. */
export type Difference = { path: Path; shipped: unknown; found: unknown }

/** No decision of the API server depends on these. */
const unread = ['message', 'messageExpression', 'reason', 'auditAnnotations']
/** What the API server fills in. */
const defaults: Readonly<Record<string, unknown>> = {
  ...{ failurePolicy: 'Fail', matchPolicy: 'Equivalent', scope: '*' },
  ...{ namespaceSelector: {}, objectSelector: {} },
  ...{ excludeResourceRules: [], matchConditions: [], variables: [] },
}
/** With these annotations, Argo CD, Flux or Helm does not apply the resource, or removes it again. */
const unapplied =
  /^(argocd\.argoproj\.io\/hook(-delete-policy)?: |kustomize\.toolkit\.fluxcd\.io\/(reconcile: disabled|ssa: (Ignore|IfNotPresent))|helm\.sh\/hook-delete-policy: |config\.kubernetes\.io\/local-config: true)/

export function findDifferences(shipped: Resource, found: Resource): Difference[] {
  const parts = shipped.kind === 'ConfigMap' ? ['data', 'binaryData'] : ['spec']
  const read = (resource: Resource, part: string) =>
    part === 'spec' ? readMeaning(resource[part]) : (resource[part] ?? {})
  return [
    ...compare(shipped.apiVersion, found.apiVersion, ['apiVersion']),
    ...parts.flatMap((part) => compare(read(shipped, part), read(found, part), [part])),
    ...findUnapplied(found),
  ]
}

function findUnapplied({ metadata }: Resource): Difference[] {
  const at = (path: Path, found: unknown) => ({ path, shipped: undefined, found })
  const { annotations = {}, ownerReferences } = metadata
  return [
    ...Object.entries(annotations)
      .filter((entry) => unapplied.test(entry.join(': ')))
      .map(([key, value]) => at(['metadata', 'annotations', key], value)),
    // Kubernetes deletes what has lost its owner.
    ...(ownerReferences === undefined
      ? []
      : [at(['metadata', 'ownerReferences'], ownerReferences)]),
  ]
}

/** Lists keep their length, so that paths stay right. */
function readMeaning(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readMeaning)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !unread.includes(key))
      .filter(([key, inner]) => !(key in defaults && isDeepStrictEqual(inner, defaults[key])))
      .map(([key, inner]) => [key, readMeaning(inner)]),
  )
}

function compare(shipped: unknown, found: unknown, path: Path): Difference[] {
  if (Array.isArray(shipped) && Array.isArray(found)) return compareLists(shipped, found, path)
  if (isMap(shipped) && isMap(found)) {
    return [...new Set([...Object.keys(shipped), ...Object.keys(found)])].flatMap((key) =>
      compare(shipped[key], found[key], [...path, key]),
    )
  }
  if (shipped === found) return []
  if (typeof shipped === 'string' && typeof found === 'string') {
    if (path.at(-1) === 'expression' && isSameExpression(shipped, found)) return []
    const [one, other] = [readJson(shipped), readJson(found)]
    // The same JSON in another form is a difference, because a policy compares the text.
    const inner = one && other ? compare(one, other, path) : []
    if (path[0] === 'data' && inner.length > 0) return inner
  }
  const standard = defaults[String(path.at(-1))]
  return [{ path, shipped: shipped ?? standard, found: found ?? standard }]
}

/** Every list here is a set. Items that differ are compared with each other, if they have one name. */
function compareLists(shipped: unknown[], found: unknown[], path: Path): Difference[] {
  const missing = [...shipped]
  const added = found.flatMap((item, index) => {
    const same = missing.findIndex((each) => compare(each, item, path).length === 0)
    if (same >= 0) missing.splice(same, 1)
    return same >= 0 ? [] : [{ item, index }]
  })
  if (![...missing, ...added.map(({ item }) => item)].every(isMap)) {
    // A warning beside Deny refuses as much.
    const isMore = path.at(-1) === 'validationActions' && shipped.includes('Deny')
    const isEqual = missing.length === 0 && added.every(({ item }) => isMore && item === 'Warn')
    return isEqual ? [] : [{ path, shipped, found }]
  }
  const pairs = missing.map((item) => {
    const named = added.findIndex((each) => Object(each.item).name === Object(item).name)
    const [other] = named >= 0 ? added.splice(named, 1) : []
    return { item, other }
  })
  return [
    ...pairs.flatMap(({ item, other }) =>
      other === undefined
        ? [{ path, shipped: item, found: undefined }]
        : compare(item, other.item, [...path, other.index]),
    ),
    ...added.map(({ item, index }) => ({
      path: [...path, index],
      shipped: undefined,
      found: item,
    })),
  ]
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readJson(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
