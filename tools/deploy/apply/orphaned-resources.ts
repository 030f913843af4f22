// Resources of components that an earlier `make deploy` has applied and that are no longer deployed.
import { CommandError } from '../../cli/exec.ts'
import { say, UserError } from '../../cli/terminal.ts'
import { findApplied, type OwnedResource, readOwned } from '../../kube/field-owners.ts'
import { describeResource, type Resource } from '../../kube/resources.ts'
import { readComponentResources } from '../render/components.ts'

/** The resources of optional components that are on the cluster and that `make deploy` has applied. */
export async function readAppliedComponents(): Promise<OwnedResource[]> {
  return readApplied(await readComponentResources())
}

/** Reads those of `resources` that are on the cluster and that `make deploy` has applied. */
export async function readApplied(resources: readonly Resource[]): Promise<OwnedResource[]> {
  const found = await Promise.all(resources.map(readIfSeen))
  return found.flat().filter((each) => findApplied(each) !== undefined)
}

/** By itself, so that one that can't be seen hides no other. */
async function readIfSeen(resource: Resource): Promise<OwnedResource[]> {
  try {
    return await readOwned([resource])
  } catch (error) {
    // A kind that the cluster does not know: there is none of it.
    if (error instanceof CommandError && /no matches for kind/.test(error.result.stderr)) return []
    // Whoever may not see a Role can have one all the same, and deploy without it.
    if (!(error instanceof UserError)) throw error
    say(`  note  whether ${describeResource(resource)} is there can't be seen: ${error.message}`)
    return []
  }
}

/** Those of them that are not among `resources`. */
export async function findLeftovers(resources: readonly Resource[]): Promise<Resource[]> {
  const wanted = resources.map(describeResource)
  const applied = await readAppliedComponents()
  return applied.filter((each) => !wanted.includes(describeResource(each)))
}

/** The commands that delete `resources`, one for each namespace that they are in; last what is in none. */
export function formatDeletions(resources: readonly Resource[]): string[] {
  const byNamespace = Map.groupBy(resources, ({ metadata }) => metadata.namespace)
  const places = [...byNamespace.keys()].toSorted((a = '~', b = '~') => a.localeCompare(b))
  return places.map((place) => {
    const names = (byNamespace.get(place) ?? []).map(describeResource)
    const option = place === undefined ? [] : ['-n', place]
    return ['kubectl delete', ...option, ...names].join(' ')
  })
}
