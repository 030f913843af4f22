// Remembers which keys were retired, to notice one that is back. It remembers ids alone, for as long as the signer runs.
import type { KeyRing } from './key-ring.ts'

/**
 * Returns a function that takes each ring in turn. It returns the ids of keys that were removed and are back, or that another
 * key replaced and that sign again.
 */
export function createKeyHistory(): (ring: KeyRing) => string[] {
  const removed = new Set<string>()
  const replaced = new Set<string>()
  let last: KeyRing | undefined

  return (ring) => {
    const primary = ring.primary.id
    const returned = [...ring.keys.keys()].filter(
      (id) => removed.has(id) || (id === primary && replaced.has(id)),
    )
    // What a returned key displaces was not retired, so it may come back.
    if (last !== undefined && returned.length === 0) {
      for (const id of last.keys.keys()) if (!ring.keys.has(id)) removed.add(id)
      if (last.primary.id !== primary) replaced.add(last.primary.id)
    }
    last = ring
    return returned
  }
}
