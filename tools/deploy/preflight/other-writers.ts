// Finds resources that another tool manages too. It would undo what a deployment changes, and bring back what is deleted.
import { say, UserError } from '../../cli/terminal.ts'
import { readExisting } from '../../kube/existing-resources.ts'
import { findApplied, type OwnedResource } from '../../kube/field-owners.ts'
import type { Resource } from '../../kube/resources.ts'
import { findTraces, type Trace } from '../../kube/writers/traces.ts'
import { describePlaces, describeSigns, listSome, nameWriters } from '../../kube/writers/writers.ts'

export type Managed = { resource: OwnedResource; traces: Trace[] }

/** Returns those of `resources` that exist and that another tool writes too. */
export async function findManaged(resources: readonly Resource[]): Promise<Managed[]> {
  return listManaged(await readExisting(resources))
}

export function listManaged(existing: readonly OwnedResource[]): Managed[] {
  return existing
    .map((resource) => ({ resource, traces: findTraces(resource, listOurFields(resource)) }))
    .filter(({ traces }) => traces.length > 0)
}

/** A tree of the fields that `make deploy` applied. If it did not, that is all content. */
function listOurFields(resource: OwnedResource): unknown {
  const { apiVersion: _, kind: __, metadata: ___, ...content } = resource
  return (
    findApplied(resource) ??
    Object.fromEntries(Object.keys(content).map((name) => [`f:${name}`, {}]))
  )
}

/**
 * Returns true if another tool manages one of `existing`. Throws UserError then, unless `onlyNotes`. A namespace is only noted,
 * because a deployment adds nothing to it but labels.
 */
export function checkOtherWriters(existing: readonly OwnedResource[], onlyNotes: boolean): boolean {
  const managed = listManaged(existing)
  for (const { resource, traces } of managed.filter(isNamespace)) {
    say(
      `  note  the Namespace ${resource.metadata.name} is managed by ${nameWriters(traces)}, which must keep the labels that make deploy adds`,
    )
  }
  if (!onlyNotes) checkNotManaged(managed, 'change')
  const message = describeManaged(managed.filter((each) => !isNamespace(each)))
  if (message !== undefined) say(`  note  ${message}`)
  return message !== undefined
}

/** Throws UserError if another tool manages one that is no namespace. `verb`: what the command would do to them. */
export function checkNotManaged(managed: readonly Managed[], verb: 'change' | 'delete'): void {
  const found = managed.filter((each) => !isNamespace(each))
  const message = describeManaged(found)
  if (message === undefined) return
  const traces = found.flatMap((each) => each.traces)
  const effect = verb === 'change' ? 'would undo a change' : 'would bring them back'
  const todo = verb === 'change' ? 'Change them' : 'Remove them'
  const rendered =
    verb === 'change'
      ? ' `make deploy DRY_RUN=yes` writes what to put there: examples/gitops/README.md.'
      : ''
  throw new UserError(
    `${message}, and ${effect}`,
    `${todo} ${describePlaces(traces)}.${rendered} If nothing else manages them any more, add FORCE_CONFLICTS=yes.`,
  )
}

/** Returns for example "Helm release team/signing manages Service/frontend (the label x)". */
export function describeManaged(managed: readonly Managed[]): string | undefined {
  if (managed.length === 0) return undefined
  const traces = managed.flatMap((each) => each.traces)
  const [first] = managed
  return `${nameWriters(traces)} manages ${listSome(managed.map(({ resource }) => resource))} (${describeSigns(first?.traces ?? [])})`
}

function isNamespace({ resource }: Managed): boolean {
  return resource.kind === 'Namespace'
}
