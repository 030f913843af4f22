// Remembers which keys were retired, to notice one that is back. It remembers ids alone, for as long as the signer runs.
import { type KeyRing, listKeyStates } from './key-ring.ts'

/** What a key is besides being held. No id has a space. */
const SIGNS = ' signs'

/**
 * Returns a function that takes each ring in turn. It returns the ids of keys that were removed and are back, or that another
 * key replaced and that sign again.
 */
export function createKeyHistory(): (ring: KeyRing) => string[] {
  const retired = new Set<string>()
  let last: readonly string[] = []
  return (ring) => {
    const roles = listKeyStates(ring).flatMap(({ key_id: id, state }) =>
      state === 'primary' ? [id, id + SIGNS] : [id],
    )
    const returned = roles.filter((role) => retired.has(role))
    // What a returned key displaces was not retired, so it may come back.
    if (returned.length === 0) for (const role of last) if (!roles.includes(role)) retired.add(role)
    last = roles
    return [...new Set(returned.map((role) => role.replace(SIGNS, '')))]
  }
}
