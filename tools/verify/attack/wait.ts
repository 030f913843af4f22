// Polls for a condition instead of sleeping for a fixed time.
import { setTimeout as sleep } from 'node:timers/promises'
import { atPace } from '../../cli/pace.ts'
import { POLL_MS } from './timeouts.ts'

/**
 * Calls `ask` until it returns a value. After `ms` it asks once more, because on a slow machine one call may take that long. Then
 * it throws an Error with the text of `complain`.
 */
export async function waitFor<T>(
  ask: () => Promise<T | undefined>,
  ms: number,
  complain: () => string,
): Promise<T> {
  const deadline = Date.now() + atPace(ms)
  for (;;) {
    const isLast = Date.now() > deadline
    const answer = await ask()
    if (answer !== undefined) return answer
    if (isLast) throw new Error(complain())
    await sleep(atPace(POLL_MS))
  }
}
