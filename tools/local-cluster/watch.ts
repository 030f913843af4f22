// Does something again whenever content has changed, until it is told to stop. What decides is the content and not an event of
// the file system: a save that changes nothing does nothing, and one that comes meanwhile is not missed.
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 300

export type Reaction = {
  /** What is there, e.g. as a hash. */
  read: () => Promise<string>
  act: () => Promise<void>
  complain: (error: unknown) => void
}

/**
 * Calls `act` at once, and then each time when `read` has another answer than before, one call after the other. What `read` or
 * `act` rejects with goes to `complain`, and it goes on. Resolves when `signal` is aborted.
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
      // The same twice: else it may be half of what is being saved.
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
