// Waits for recovery after a fault.
import { setTimeout as sleep } from 'node:timers/promises'
import { createSender } from '../load/senders.ts'
import { RECOVERY_MS, STEADY_MS } from './timeouts.ts'

const PAUSE_MS = 100

/** Sends requests through the gateway until none has failed for STEADY_MS. Throws with the last failure. */
export async function waitUntilServed(gatewayUrl: string): Promise<void> {
  const send = createSender({ kind: 'public', url: gatewayUrl })
  const start = performance.now()
  let steadySince = start
  let failure = 'none'
  for (let sequence = 0; performance.now() - steadySince < STEADY_MS; sequence++) {
    const { outcome } = await send(sequence)
    if (outcome !== 'signed') {
      failure = outcome
      steadySince = performance.now()
    }
    if (performance.now() - start > RECOVERY_MS) {
      throw new Error(`no recovery within ${RECOVERY_MS / 1_000} s. Last failure: ${failure}`)
    }
    await sleep(PAUSE_MS)
  }
}
