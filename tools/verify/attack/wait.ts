// Awaits what takes its own time elsewhere, in a proxy or at the API server, instead of sleeping for a guess.
import { setTimeout as sleep } from 'node:timers/promises'
import { POLL_MS } from './timeouts.ts'

/** Asks until there is an answer, and returns it. After `ms` it throws what `complain` says. */
export async function waitFor<T>(
  ask: () => Promise<T | undefined>,
  ms: number,
  complain: () => string,
): Promise<T> {
  const deadline = Date.now() + ms
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > deadline) throw new Error(complain())
    await sleep(POLL_MS)
  }
}
