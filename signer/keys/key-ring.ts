// The keys that the signer holds. As KeyObjects: neither printing nor JSON.stringify shows their bytes.
import type { KeyObject } from 'node:crypto'
import type { KeysResponse } from '../../runtime/contract.ts'
import { AppError } from '../../runtime/errors.ts'

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

/** Returns the key that is asked for, or the primary. Throws AppError invalid_request if there is no such key. */
export function chooseKey(ring: KeyRing, id: string | undefined): Key {
  const key = id === undefined ? ring.primary : ring.keys.get(id)
  if (key !== undefined) return key
  throw new AppError('invalid_request', 'keyId: no such key', { field: 'keyId' })
}

/** True if both sign and verify the same. */
export function isSameRing(one: KeyRing, other: KeyRing): boolean {
  return (
    one.primary.id === other.primary.id &&
    one.keys.size === other.keys.size &&
    [...one.keys.values()].every(({ id, material }) =>
      other.keys.get(id)?.material.equals(material),
    )
  )
}

/** Every key's id and state, in the order in which they are held. */
export function listKeyStates({ primary, keys }: KeyRing): KeysResponse['keys'] {
  const stateOf = (id: string) => (id === primary.id ? 'primary' : 'active')
  return [...keys.keys()].map((keyId) => ({ keyId, state: stateOf(keyId) }))
}
