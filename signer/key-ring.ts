// The keys that the signer holds. As KeyObjects: neither printing nor JSON.stringify shows their bytes.
import type { KeyObject } from 'node:crypto'

export type Key = { id: string; material: KeyObject }

/** `primary` signs when no key is asked for; it is one of `keys`, which are found by id. */
export type KeyRing = { primary: Key; keys: ReadonlyMap<string, Key> }

/** Why there is no usable ring. The message is shown to operators: what is wrong and what to do, no key bytes. */
export class KeyRingError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'KeyRingError'
  }
}
