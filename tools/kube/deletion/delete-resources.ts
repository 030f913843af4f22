// Deletes resources and waits until they are gone. It ends too if something keeps them, and never removes a finalizer itself.
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError } from '../../cli/exec.ts'
import { atPace } from '../../cli/pace.ts'
import { say } from '../../cli/terminal.ts'
import { kubectl } from '../kubectl.ts'
import { describeResource, type Resource } from '../resources.ts'
import { patienceFor } from './finalizers.ts'
import { type Remaining, readRemaining } from './remaining.ts'
import { RemainingError } from './remaining-error.ts'

const pollMs = 500
export type DeleteOptions = {
  /** In the foreground, a resource is gone only when those that belong to it are. */
  cascade?: 'foreground' | 'background'
  /** The command that finishes the work, for the error. */
  again?: string
  /** Replaces the time that each finalizer may take. */
  patienceMs?: number | undefined
}

/** Throws RemainingError if one of them stays, or comes back at once. Those that do not exist are no error. */
export async function deleteResources(
  resources: readonly Resource[],
  { cascade = 'background', again = 'make undeploy', patienceMs }: DeleteOptions = {},
): Promise<void> {
  if (resources.length === 0) return
  const refusal = await requestDeletion(resources, cascade)
  const remaining = await waitUntilGone(resources, patienceMs)
  if (remaining.length > 0) throw new RemainingError(remaining, refusal, again)
}

/** Waits for resources whose deletion was requested. Returns those that something keeps. */
export async function waitUntilGone(
  resources: readonly Resource[],
  patienceMs?: number,
): Promise<Remaining[]> {
  const start = Date.now()
  let [changed, before, isSaid] = [start, Number.POSITIVE_INFINITY, false]
  for (;;) {
    const remaining = await readRemaining(resources)
    const deleting = remaining.filter(({ isDeleting }) => isDeleting)
    if (deleting.length === 0) return remaining
    const count = deleting.reduce((sum, { finalizers }) => sum + 1 + finalizers.length, 0)
    if (count < before) changed = Date.now()
    before = count
    const patience = patienceMs ?? patienceFor(deleting.flatMap(({ finalizers }) => finalizers))
    if (Date.now() - changed > atPace(patience)) return remaining
    // A usual deletion takes less than half of that, and says nothing.
    if (!isSaid && Date.now() - start > atPace(patience / 2)) {
      isSaid = true
      const names = deleting.map(({ resource }) => describeResource(resource))
      say(`  …     waits for ${names.join(', ')}`)
    }
    await sleep(pollMs)
  }
}

/** Returns what kubectl prints if the API server refuses some of them. */
async function requestDeletion(resources: readonly Resource[], cascade: string): Promise<string> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: resources })
  const args = ['delete', '--ignore-not-found', '--wait=false', `--cascade=${cascade}`, '-f', '-']
  try {
    await kubectl(args, { input })
    return ''
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const { code, stderr } = error.result
    // Everything else is no answer of the API server about a resource.
    if (code !== 1 || !/^Error from server/m.test(stderr)) throw error
    return stderr.trim()
  }
}
