// Puts the traces of other writers into words: who writes, how it shows, where to change it, and how to remove a stale trace.
import { describeResource, type Resource } from '../resources.ts'
import type { Trace } from './traces.ts'

/** Returns for example "Flux Kustomization flux-system/apps". Managers count only if nothing else names a writer. */
export function nameWriters(traces: readonly Trace[]): string {
  return join(chooseNames(traces).map(({ writer }) => writer))
}

/** Returns where to change the resource instead, for example "in the Git repository that it applies". */
export function describePlaces(traces: readonly Trace[]): string {
  return join([...new Set(chooseNames(traces).map(({ where }) => where))])
}

/** Returns what told, for example "the label x and the field manager y". */
export function describeSigns(traces: readonly Trace[]): string {
  return join([...new Set(traces.map(({ sign }) => sign))])
}

/** Returns the commands that remove the traces from `resource`, for a writer that is gone. */
export function listRemovals(resource: Resource, traces: readonly Trace[]): string[] {
  const { name, namespace } = resource.metadata
  const target = `${resource.kind.toLowerCase()} ${name}${namespace ? ` -n ${namespace}` : ''}`
  const marks = (wanted: Trace['type']) =>
    traces.flatMap(({ type, name }) => (type === wanted ? [`${name}-`] : []))
  const has = (wanted: Trace['type']) => traces.some(({ type }) => type === wanted)
  const patch = (operation: string) => `kubectl patch ${target} --type=json -p '[${operation}]'`
  return [
    ...(marks('label').length > 0 ? [`kubectl label ${target} ${marks('label').join(' ')}`] : []),
    ...(marks('annotation').length > 0
      ? [`kubectl annotate ${target} ${marks('annotation').join(' ')}`]
      : []),
    ...(has('owner') ? [patch('{"op":"remove","path":"/metadata/ownerReferences"}')] : []),
    ...(has('manager')
      ? [patch('{"op":"replace","path":"/metadata/managedFields","value":[{}]}')]
      : []),
  ]
}

/** Returns "A/a, B/b and 3 more". */
export function listSome(resources: readonly Resource[], most = 4): string {
  const names = resources.map(describeResource)
  if (names.length <= most) return join(names)
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`
}

/** One trace for each product, the one that says most. */
function chooseNames(traces: readonly Trace[]): Trace[] {
  const named = traces.filter(({ type }) => type !== 'manager')
  // A controller's manager is often called "controller" or "manager".
  const counted = named.length > 0 ? named : traces
  return [...Map.groupBy(counted, ({ product }) => product).values()].map((each) =>
    each.reduce((best, other) => (other.writer.length > best.writer.length ? other : best)),
  )
}

function join(texts: readonly string[]): string {
  return texts.length < 2
    ? (texts[0] ?? '')
    : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`
}
