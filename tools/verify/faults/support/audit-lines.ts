// Finds the signatures of a load in the signer's audit log.
import { readAuditLog } from '../../attack/audited-requests.ts'
import { findTarget } from '../../attack/target.ts'
import { LOG_MS } from '../../attack/timeouts.ts'
import { waitFor } from '../../attack/wait.ts'
import type { Sample } from '../load/schedule.ts'

/** Throws if a signature has no audit line. It waits for the last lines, which kubelet shows with a delay. */
export async function requireAuditLines(samples: readonly Sample[], since: Date): Promise<void> {
  const target = await findTarget()
  const ids = samples.flatMap(({ signed }) => (signed === undefined ? [] : [signed.requestId]))
  let missing: string[] = []
  await waitFor(
    async () => {
      const entries = await readAuditLog(target, since)
      const signed = entries.filter(({ outcome }) => outcome === 'signed')
      const written = new Set(signed.map(({ request_id }) => request_id))
      missing = ids.filter((id) => !written.has(id))
      return (ids.length > 0 && missing.length === 0) || undefined
    },
    LOG_MS,
    () => `${missing.length} of ${ids.length} signatures have no audit line`,
  )
}
