// A single change of a list of resources, with a name that says what it changes.
import { createHash } from 'node:crypto'
import { formatPath, type Path } from '../../../tools/analyze/finding.ts'
import { describeResource, type Resource } from '../../../tools/kube/resources.ts'

/** `to`: the new value, or undefined for a deletion. With `isAdded`, it is a new item of the list at `path`. */
export type Change = { path: Path; to: unknown; what: string; isAdded?: boolean }

export type Mutation = {
  /** E.g. "ValidatingAdmissionPolicyBinding/x spec.validationActions[0] Deny → Audit". */
  name: string
  /** The one that it changes, deletes or adds. */
  resource: Resource
  /** Undefined if the whole resource is deleted or added. */
  change?: Change
  /** Returns the resource with the change. Undefined: it is deleted. */
  changed: () => Resource | undefined
  /** Returns the resources with this change. It shares what is unchanged. */
  resources: () => Resource[]
}

/** `change`: undefined deletes the resource. */
export function toMutation(
  resources: readonly Resource[],
  resource: Resource,
  change?: Change,
): Mutation {
  const at = change === undefined ? '' : ` ${formatPath(change.path)}`
  const changed = () =>
    change && (withChange(resource, change, change.path) as Resource | undefined)
  return {
    name: `${describeResource(resource)}${at} ${change?.what ?? 'deleted'}`,
    resource,
    ...(change && { change }),
    changed,
    resources: () =>
      resources.flatMap((each) => (each === resource ? [changed() ?? []].flat() : [each])),
  }
}

/** Adds a resource, which another team may own. */
export function toAddition(resources: readonly Resource[], resource: Resource): Mutation {
  const { namespace } = resource.metadata
  return {
    name: `+ ${describeResource(resource)}${namespace === undefined ? '' : ` in ${namespace}`}`,
    resource,
    changed: () => resource,
    resources: () => [...resources, resource],
  }
}

function withChange(value: unknown, change: Change, [part, ...rest]: Path): unknown {
  if (part === undefined) {
    return change.isAdded ? [...(Array.isArray(value) ? value : []), change.to] : change.to
  }
  const isLast = rest.length === 0 && !change.isAdded
  if (Array.isArray(value)) {
    const changed = withChange(value[Number(part)], change, rest)
    return value.flatMap((each, index) =>
      index !== part ? [each] : isLast && changed === undefined ? [] : [changed],
    )
  }
  const { [part]: before, ...others } = Object(value) as Record<string, unknown>
  const changed = withChange(before, change, rest)
  return changed === undefined ? others : { ...Object(value), [part]: changed }
}

/** Returns a text that only this change of these resources has. `unchanged`: the digest of the resources. */
export function identifyMutation(unchanged: string, { name, change, resource }: Mutation): string {
  const to = JSON.stringify(change === undefined ? resource : change.to) ?? ''
  return digest(`${unchanged}\n${name}\n${to}`)
}

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
