// Finds resources that a component of an earlier deployment left on the cluster. Only resources that `make deploy` applied
// count.
import { CommandError } from '../../cli/exec.ts'
import { say, UserError } from '../../cli/terminal.ts'
import { findApplied, type OwnedResource, readOwned } from '../../kube/field-owners.ts'
import { describeResource, type Resource } from '../../kube/resources.ts'
import { readComponentResources } from '../render/components.ts'

/** Reads the resources of optional components that exist on the cluster, and that `make deploy` applied. */
export async function readAppliedComponents(): Promise<OwnedResource[]> {
  return readApplied(await readComponentResources())
}

/** Reads those of `resources` that exist on the cluster, and that `make deploy` applied. */
export async function readApplied(resources: readonly Resource[]): Promise<OwnedResource[]> {
  const found = await readIfAllowed(resources)
  return found.filter((each) => findApplied(each) !== undefined)
}

/** Reads all with one kubectl. If it may not read one of them, it reads each on its own. */
async function readIfAllowed(resources: readonly Resource[]): Promise<OwnedResource[]> {
  try {
    return await readOwned(resources)
  } catch (error) {
    // The cluster does not have these kinds, so it has no such resources.
    const missing = listMissingKinds(error)
    const others = resources.filter(({ kind }) => !missing.includes(kind))
    if (others.length < resources.length) return readIfAllowed(others)
    // A deployment does not need the permission to read a resource that it does not use.
    if (!(error instanceof UserError)) throw error
    const [resource] = resources
    if (resource === undefined || resources.length > 1) {
      return (await Promise.all(resources.map((each) => readIfAllowed([each])))).flat()
    }
    say(`  note  cannot find out whether ${describeResource(resource)} exists: ${error.message}`)
    return []
  }
}

function listMissingKinds(error: unknown): string[] {
  if (!(error instanceof CommandError)) return []
  const missing = error.result.stderr.matchAll(/no matches for kind "([^"]+)"/g)
  return [...missing].map(([, kind = '']) => kind)
}

/** Returns the applied resources of optional components that are not among `resources`. */
export async function findOrphanedResources(resources: readonly Resource[]): Promise<Resource[]> {
  const wanted = resources.map(describeResource)
  const applied = await readAppliedComponents()
  return applied.filter((each) => !wanted.includes(describeResource(each)))
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
