// Finds resources of an earlier `make undeploy` whose deletion has not ended. What is applied to them would vanish with them.
import { step } from '../../cli/terminal.ts'
import { waitUntilGone } from '../../kube/deletion/delete-resources.ts'
import { RemainingError } from '../../kube/deletion/remaining-error.ts'
import type { Resource } from '../../kube/resources.ts'

/** Waits for the deletions among `existing`. Throws RemainingError if something keeps one of these resources. */
export async function checkDeletions(
  existing: readonly Resource[],
  patienceMs?: number,
): Promise<void> {
  const deleting = existing.filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
  if (deleting.length === 0) return
  await step('the deletions of an earlier make undeploy have ended', async () => {
    const remaining = await waitUntilGone(deleting, patienceMs)
    const kept = remaining.filter(({ isDeleting }) => isDeleting)
    if (kept.length > 0) throw new RemainingError(kept, '', 'make deploy')
  })
}
