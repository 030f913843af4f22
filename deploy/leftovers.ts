// What components that an earlier deployment had have left on the cluster. Only what `make deploy` itself has applied
// counts: somebody else's Role stays.
import { CommandError } from '../cli/exec.ts'
import { say, UserError } from '../cli/terminal.ts'
import { readComponentResources } from './components.ts'
import { findApplied, type OwnedResource, readOwned } from './field-owners.ts'
import { describeResource, type Resource } from './resources.ts'

/** The resources of optional components that are on the cluster and that `make deploy` has applied. */
export async function readAppliedComponents(): Promise<OwnedResource[]> {
  const found: OwnedResource[] = []
  for (const resource of await readComponentResources()) {
    try {
      found.push(...(await readOwned([resource])))
    } catch (error) {
      // Of a kind that the cluster does not know it has none.
      if (error instanceof CommandError && error.message.includes('no matches for kind')) continue
      // Whoever may not see a Role can have one all the same, and deploy without it.
      if (!(error instanceof UserError)) throw error
      say(`  note  whether ${describeResource(resource)} is there can't be seen: ${error.message}`)
    }
  }
  return found.filter((each) => findApplied(each) !== undefined)
}

/** Those of them that are not among `resources`, for people, e.g. ["PodDisruptionBudget/secure-signing"]. */
export async function findLeftovers(resources: readonly Resource[]): Promise<string[]> {
  const wanted = resources.map(describeResource)
  const applied = await readAppliedComponents()
  return applied.map(describeResource).filter((name) => !wanted.includes(name))
}
