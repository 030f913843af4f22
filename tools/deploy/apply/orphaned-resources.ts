// Finds resources that a component of an earlier deployment left on the cluster. Only resources that `make deploy` applied
// count.
import { readExisting } from '../../kube/existing-resources.ts'
import { findApplied, type OwnedResource } from '../../kube/field-owners.ts'
import { describeResource, type Resource } from '../../kube/resources.ts'
import { readComponentResources } from '../render/components.ts'
import { splitShared } from './shared-resources.ts'

/** Reads the resources of optional components that exist on the cluster, and that `make deploy` applied. */
export async function readAppliedComponents(): Promise<OwnedResource[]> {
  return readApplied(await readComponentResources())
}

/** Reads those of `resources` that exist on the cluster, and that `make deploy` applied. */
export async function readApplied(resources: readonly Resource[]): Promise<OwnedResource[]> {
  const found = await readExisting(resources)
  return found.filter((each) => findApplied(each) !== undefined)
}

/** Returns the applied resources of optional components that are not among `resources`, and that no other application uses. */
export async function findOrphanedResources(resources: readonly Resource[]): Promise<Resource[]> {
  const wanted = resources.map(describeResource)
  const applied = await readAppliedComponents()
  const left = applied.filter((each) => !wanted.includes(describeResource(each)))
  return (await splitShared(left)).own
}

/** Returns the commands that delete `resources`: one for each namespace, and last the one for resources without a namespace. */
export function formatDeletions(resources: readonly Resource[]): string[] {
  const byNamespace = Map.groupBy(resources, ({ metadata }) => metadata.namespace)
  const namespaces = [...byNamespace.keys()].toSorted((a = '~', b = '~') => a.localeCompare(b))
  return namespaces.map((namespace) => {
    const names = (byNamespace.get(namespace) ?? []).map(describeResource)
    const option = namespace === undefined ? [] : ['-n', namespace]
    return ['kubectl delete', ...option, ...names].join(' ')
  })
}
