// Remembers which keys were retired, to notice one that is back. It remembers ids alone, for as long as the signer runs.
import { type KeyRing, listKeyStates } from './key-ring.ts'

/**
 * Returns a function that takes each ring in turn. It returns the ids of keys that were removed and are back, or that another
 * key replaced and that sign again.
 */
export function createKeyHistory(): (ring: KeyRing) => string[] {
  const removed = new Set<string>()
  const replaced = new Set<string>()
  let last: readonly string[] = []
  let lastPrimary: readonly string[] = []

  return (ring) => {
    const states = listKeyStates(ring)
    const list = (wanted: typeof states) => wanted.map(({ key_id: id }) => id)
    const [ids, primary] = [list(states), list(states.filter(({ state }) => state === 'primary'))]
    const returned = ids.filter(
      (id) => removed.has(id) || (primary.includes(id) && replaced.has(id)),
    )
    // What a returned key displaces was not retired, so it may come back.
    if (returned.length === 0) {
      for (const id of last) if (!ids.includes(id)) removed.add(id)
      for (const id of lastPrimary) if (!primary.includes(id)) replaced.add(id)
    }
    last = ids
    lastPrimary = primary
    return returned
  }
}
