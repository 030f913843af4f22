// Reads resources that may not exist, of kinds that the cluster may not have, and that the user may not be allowed to read.
import { CommandError } from '../cli/exec.ts'
import { say, UserError } from '../cli/terminal.ts'
import { type OwnedResource, readOwned } from './field-owners.ts'
import { describeResource, type Resource } from './resources.ts'

/** Reads those that exist, all with one kubectl. If it may not read one of them, it reads each on its own. */
export async function readExisting(resources: readonly Resource[]): Promise<OwnedResource[]> {
  try {
    return await readOwned(resources)
  } catch (error) {
    // The cluster does not have these kinds, so it has no such resources.
    const missing = listMissingKinds(error)
    const others = resources.filter(({ kind }) => !missing.includes(kind))
    if (others.length < resources.length) return readExisting(others)
    // A deployment does not need the permission to read a resource that it does not use.
    if (!(error instanceof UserError)) throw error
    const [resource] = resources
    if (resource === undefined || resources.length > 1) {
      return (await Promise.all(resources.map((each) => readExisting([each])))).flat()
    }
    say(`  note  cannot find out whether ${describeResource(resource)} exists: ${error.message}`)
    return []
  }
}

/** Returns the kinds that the cluster does not have, if that is what `error` says. */
export function listMissingKinds(error: unknown): string[] {
  if (!(error instanceof CommandError)) return []
  const missing = error.result.stderr.matchAll(/no matches for kind "([^"]+)"/g)
  return [...missing].map(([, kind = '']) => kind)
}
