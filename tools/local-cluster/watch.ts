// Repeats an action when content changes. It compares content and does not use file system events. So a save without a change
// has no effect, and a save during the action is not missed.
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 300

export type Reaction = {
  read: () => Promise<string>
  act: () => Promise<void>
  complain: (error: unknown) => void
}

/**
 * Calls `act` at once, and again each time that `read` returns something new. Calls do not overlap. Errors of `read` and `act`
 * go to `complain`, and do not end the loop. Resolves when `signal` is aborted.
 */
export async function actOnChange(
  { read, act, complain }: Reaction,
  { signal, pollMs = POLL_MS }: { signal: AbortSignal; pollMs?: number },
): Promise<void> {
  let done: string | undefined
  let seen: string | undefined
  while (!signal.aborted) {
    try {
      const now = await read()
      // Two equal reads in a row, so that a half-saved file does not count.
      if (now === seen && now !== done) {
        done = now
        await act()
      }
      seen = now
    } catch (error) {
      complain(error)
    }
    await sleep(pollMs, undefined, { signal }).catch(() => {})
  }
}
