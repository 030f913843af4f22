// Compares the meaning of two resources. Most labels and annotations, messages, the order of lists, defaults and white space in CEL have
// none. What a deployment chooses itself is in chosen.ts.
import { isDeepStrictEqual } from 'node:util'
import type { Resource } from '../../kube/resources.ts'
import type { Path } from '../finding.ts'
import { isSameExpression } from './cel.ts'

/**
 * Undefined is a field or an item that is not there. `path`: in the resource that was found. `wanted`: what is accepted, if that is no
 * single value.
 */
export type Difference = { path: Path; shipped: unknown; found: unknown; wanted?: string }

/** What a deployment chooses itself: undefined to compare, true if it is right, or what it has to be. */
export type Choice = (path: Path, found: unknown) => true | string | undefined

/** No decision of the API server depends on these. */
const unread = ['message', 'messageExpression', 'reason', 'auditAnnotations']
const admission = /^ValidatingAdmissionPolicy(Binding)?$/
/** What the API server, Istio or an operator fills in, by kind. */
const standard: readonly (readonly [kinds: RegExp, Readonly<Record<string, unknown>>])[] = [
  [
    admission,
    {
      ...{ failurePolicy: 'Fail', matchPolicy: 'Equivalent', scope: '*' },
      ...{ namespaceSelector: {}, objectSelector: {} },
      ...{ excludeResourceRules: [], matchConditions: [], variables: [] },
    },
  ],
  [/^AuthorizationPolicy$/, { action: 'ALLOW' }],
  [/^RequestAuthentication$/, { forwardOriginalToken: false }],
  [/^(Service|NetworkPolicy)$/, { protocol: 'TCP' }],
  [
    /^Service$/,
    {
      ...{ type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster' },
      ipFamilyPolicy: 'SingleStack',
    },
  ],
  [/^HTTPRoute$/, { ...{ group: 'gateway.networking.k8s.io', kind: 'Gateway' }, ...{ weight: 1 } }],
  [
    /^ExternalSecret$/,
    {
      ...{ conversionStrategy: 'Default', metadataPolicy: 'None', refreshPolicy: 'Periodic' },
      ...{ creationPolicy: 'Owner', deletionPolicy: 'Retain', nullBytePolicy: 'Ignore' },
    },
  ],
  [
    /^DaemonSet$/,
    {
      ...{ restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', schedulerName: 'default-scheduler' },
      ...{ terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' },
      ...{ revisionHistoryLimit: 10, defaultMode: 0o644, resources: {} },
    },
  ],
]
const standardOf = (kind: string): Readonly<Record<string, unknown>> =>
  Object.assign({}, ...standard.filter(([kinds]) => kinds.test(kind)).map(([, values]) => values))
/** Labels and annotations by which Istio, Linkerd, Pod Security, our network policies and clouds decide. */
const meaningful =
  /^((\w+\.)*(istio|linkerd)\.io\/.*|istio-injection|pod-security\.kubernetes\.io\/enforce(-version)?|secure-signing(\.dev)?\/(scrapes|calls)|eks\.amazonaws\.com\/role-arn|azure\.workload\.identity\/.*|iam\.gke\.io\/.*)$/
/** A resource is the same in each version that is served. */
const version = /^v\d+(?:(?:alpha|beta)\d+)?$/
/** With these annotations, Argo CD, Flux or Helm does not apply the resource, or removes it again. */
const unapplied =
  /^(argocd\.argoproj\.io\/hook(-delete-policy)?: |kustomize\.toolkit\.fluxcd\.io\/(reconcile: disabled|ssa: (Ignore|IfNotPresent))|helm\.sh\/hook-delete-policy: |config\.kubernetes\.io\/local-config: true)/

export function findDifferences(shipped: Resource, found: Resource, choice: Choice): Difference[] {
  const { kind } = shipped
  const compare = createComparison(standardOf(kind), choice)
  const read = (resource: Resource, part: string) =>
    part === 'data' ? resource[part] : readMeaning(resource[part], standardOf(kind), kind)
  const parts = [...new Set([...Object.keys(shipped), ...Object.keys(found)])]
  return [
    ...(isSameGroup(shipped.apiVersion, found.apiVersion)
      ? []
      : [{ path: ['apiVersion'], shipped: shipped.apiVersion, found: found.apiVersion }]),
    ...parts
      .filter((part) => !['apiVersion', 'kind', 'metadata', 'status'].includes(part))
      .filter((part) => !isDeepStrictEqual(shipped[part], found[part]))
      .flatMap((part) => compare(read(shipped, part), read(found, part), [part])),
    ...(['labels', 'annotations'] as const).flatMap((part) =>
      compare(pickMeaningful(shipped, part), pickMeaningful(found, part), ['metadata', part]),
    ),
    ...findUnapplied(found),
  ]
}

function isSameGroup(shipped: string, found: string): boolean {
  const split = (text: string) => (text.includes('/') ? text.split('/') : ['', text])
  const [group = '', own = ''] = split(found)
  return group === split(shipped)[0] && version.test(own)
}

function pickMeaningful({ metadata }: Resource, part: 'labels' | 'annotations') {
  return Object.fromEntries(
    Object.entries(metadata[part] ?? {}).filter(([name]) => meaningful.test(name)),
  )
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
function readMeaning(value: unknown, defaults: object, kind: string): unknown {
  if (Array.isArray(value)) return value.map((each) => readMeaning(each, defaults, kind))
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !(admission.test(kind) && unread.includes(key)))
      .filter(
        ([key, inner]) => !(key in defaults && isDeepStrictEqual(inner, Object(defaults)[key])),
      )
      .map(([key, inner]) => [key, readMeaning(inner, defaults, kind)]),
  )
}

type Comparison = (shipped: unknown, found: unknown, path: Path) => Difference[]

function createComparison(defaults: Readonly<Record<string, unknown>>, choice: Choice): Comparison {
  const compare: Comparison = (shipped, found, path) => {
    const chosen = choice(path, found)
    if (chosen === true) return []
    if (chosen !== undefined) return [{ path, shipped, found, wanted: chosen }]
    if (Array.isArray(shipped) && Array.isArray(found)) {
      return compareLists(shipped, found, path, compare, choice)
    }
    if (isMap(shipped) && isMap(found)) {
      return [...new Set([...Object.keys(shipped), ...Object.keys(found)])].flatMap((key) =>
        compare(shipped[key], found[key], [...path, key]),
      )
    }
    if (shipped === found) return []
    if (typeof shipped === 'string' && typeof found === 'string') {
      if (path.at(-1) === 'expression' && isSameExpression(shipped, found)) return []
      // The same JSON in another form is a difference, because a policy compares the text.
      const inner = path[0] === 'data' ? compareJson(shipped, found, path, compare) : []
      if (inner.length > 0) return inner
    }
    const filled = defaults[String(path.at(-1))]
    return [{ path, shipped: shipped ?? filled, found: found ?? filled }]
  }
  return compare
}

/** Lists are sets, but for commands. Items that differ are compared with each other, if they have one name. */
function compareLists(
  shipped: unknown[],
  found: unknown[],
  path: Path,
  compare: Comparison,
  choice: Choice,
): Difference[] {
  const missing = [...shipped]
  const added = found.flatMap((item, index) => {
    if (choice([...path, index], item) === true) return []
    const same = missing.findIndex((each) => compare(each, item, [...path, index]).length === 0)
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

function compareJson(
  shipped: string,
  found: string,
  path: Path,
  compare: Comparison,
): Difference[] {
  try {
    return compare(JSON.parse(shipped), JSON.parse(found), path)
  } catch {
    return []
  }
}
