// Names what is on the cluster and differs from what would be applied: a missing resource, and each field that somebody changed,
// removed or added.
import { isDeepStrictEqual } from 'node:util'
import type { OwnedResource } from '../../../kube/field-owners.ts'
import { type Resource, resourceKey } from '../../../kube/resources.ts'
import { formatPath, type Path, valueAt } from '../../finding.ts'
import type { Application } from '../../model/application.ts'
import { describeEffect } from '../../released/explain.ts'
import { applyRules, type Rule, type RuleFinding } from '../../rule.ts'
import { nameOf } from '../judgment.ts'
import { type Change, compare } from './change.ts'
import { isLegitimate } from './legitimate.ts'
import type { DriftInput } from './read-drift.ts'
import { show } from './show.ts'
import { describeWriter, isOwnedByOthers } from './writer.ts'

/** `effect`: what a rule finds in the resource as it is. */
export type Drift = {
  about: string
  message: string
  effect: RuleFinding | undefined
  todo: string
}

/** What the API server writes, and what is no content. */
const unread = ['apiVersion', 'kind', 'metadata', 'status']
const metadata = ['labels', 'annotations', 'ownerReferences', 'deletionTimestamp']
const again = 'Run `make deploy`, which restores it'

/** `rules`: those that say what a change opens. */
export function judgeDrift(
  resources: readonly Resource[],
  input: DriftInput,
  rules: readonly Rule[],
  application: Application,
): Drift[] {
  const { live } = input
  // Nothing is deployed yet.
  if (live.size === 0) return []
  const found = findEffects(resources, live, rules, application)
  return resources.flatMap((resource) => {
    const key = resourceKey(resource)
    const now = live.get(key)
    const about = nameOf(resource)
    if (now === undefined) {
      return [{ about, message: 'it is not on the cluster', effect: undefined, todo: again }]
    }
    const created = input.created.get(key)
    const changes = created === undefined ? [] : listChanges(resource, created, now)
    const effects = found.filter((each) => each.resource === now)
    const drifts = changes.map((change) => ({
      about,
      message: describe(change, now),
      effect: effects.find(({ path }) => isRelated(path, change.path)),
      todo: advise(change, now, input.applied.get(key)),
    }))
    const unplaced = effects.filter(
      ({ path }) => !changes.some((each) => isRelated(path, each.path)),
    )
    return [
      ...drifts,
      ...unplaced.map((effect) => ({
        about,
        message: 'it differs from what would be applied',
        effect,
        todo: again,
      })),
    ]
  })
}

export function formatDrift({ about, message, effect, todo }: Drift): string {
  const rule = effect && `The rule ${effect.rule} finds: ${effect.message.replace(/\.$/, '')}`
  return [`${about}: ${message}`, ...(rule === undefined ? [] : [rule]), todo].join('. ')
}

/** What the rules find in the resources as they are, and not in those that would be applied. */
function findEffects(
  resources: readonly Resource[],
  live: ReadonlyMap<string, OwnedResource>,
  rules: readonly Rule[],
  application: Application,
): RuleFinding[] {
  const identify = ({ resource, rule, message }: RuleFinding) =>
    [resource && resourceKey(resource), rule, message].join()
  const declared = applyRules(rules, resources, application).map(identify)
  const now = resources.map((each) => live.get(resourceKey(each)) ?? each)
  return applyRules(rules, now, application).filter((each) => !declared.includes(identify(each)))
}

export function listChanges(resource: Resource, wanted: Resource, live: Resource): Change[] {
  const parts: Path[] = [
    ...metadata.map((name) => ['metadata', name]),
    ...[...new Set([...Object.keys(wanted), ...Object.keys(live)])]
      .filter((name) => !unread.includes(name))
      .map((name) => [name]),
  ]
  return parts
    .flatMap((path) => compare(read(wanted, path), read(live, path), path))
    .filter((change) => !isLegitimate(resource, change))
}

/** Labels and annotations that are not there are compared one by one. */
function read(resource: Resource, path: Path): unknown {
  const isMap = path[1] === 'labels' || path[1] === 'annotations'
  return valueAt(resource, path) ?? (isMap ? {} : undefined)
}

function describe({ path, wanted, live }: Change, now: OwnedResource): string {
  const place = formatPath(path)
  const writer = describeWriter(now, path, live === undefined)
  const [ours, theirs] = show(wanted, live)
  const fact =
    live === undefined
      ? `${place} is missing, which would be ${ours}`
      : wanted === undefined
        ? `${place} is ${theirs}, which nothing of ours sets`
        : `${place} is ${theirs} instead of ${ours}`
  const effect = describeEffect(now, place, theirs)?.replace(/\.$/, '') ?? ''
  return [fact, writer, effect].filter((each) => each !== '').join('. ')
}

/** `applied`: the resource as it would be after a deployment, as far as the API server says so. */
function advise(
  { path, wanted, live }: Change,
  now: OwnedResource,
  applied: Resource | undefined,
): string {
  const after = valueAt(applied, path)
  if (applied === undefined || live === undefined || !isDeepStrictEqual(after, live)) {
    const hasConflict = isOwnedByOthers(now, live === undefined ? path.slice(0, -1) : path)
    return hasConflict ? 'Run `make deploy FORCE_CONFLICTS=yes`, which restores it' : again
  }
  const {
    kind,
    apiVersion,
    metadata: { name, namespace },
  } = now
  const group = apiVersion.includes('/') ? `.${apiVersion.replace(/\/.*/, '')}` : ''
  const place = namespace === undefined ? '' : ` -n ${namespace}`
  const pointer = path.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1'))
  const operation =
    wanted === undefined
      ? { op: 'remove', path: `/${pointer.join('/')}` }
      : { op: 'replace', path: `/${pointer.join('/')}`, value: wanted }
  return `\`make deploy\` leaves it. To undo it: kubectl patch ${kind.toLowerCase()}${group} ${name}${place} --type=json -p '[${JSON.stringify(operation)}]'`
}

function isRelated(one: Path, other: Path): boolean {
  const length = Math.min(one.length, other.length)
  return isDeepStrictEqual(one.slice(0, length), other.slice(0, length))
}
