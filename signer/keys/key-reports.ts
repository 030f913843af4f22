// Logs again and again which keys the signer holds. Where nothing can read its metrics, `make rotate-key` reads this, and a log
// loses its old lines.
import type { Log } from '../../runtime/log.ts'
import { findKeyRing, type GetKeyRing } from './key-holder.ts'
import { describeRing } from './key-ring.ts'

const INTERVAL_MS = 60_000

/** Logs nothing while there are no keys. The log has the reason then. */
export function reportKeys(getKeyRing: GetKeyRing, log: Log, intervalMs = INTERVAL_MS): void {
  setInterval(() => {
    const ring = findKeyRing(getKeyRing)
    if (ring !== undefined) log('info', 'keys_held', describeRing(ring))
  }, intervalMs).unref()
}
