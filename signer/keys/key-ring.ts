// The keys of the signer. They are KeyObjects, so neither printing nor JSON.stringify shows their bytes.
import type { KeyObject } from 'node:crypto'
import type { KeysResponse } from '../../runtime/contract.ts'
import { AppError } from '../../runtime/errors.ts'

export type Key = { id: string; material: KeyObject }

/** `keys` maps ids to keys. `primary` is one of them, and signs unless a request names another. */
export type KeyRing = {
  primary: Key
  keys: ReadonlyMap<string, Key>
  /** Makes the MACs of the audit log. It is none of the keys, so nobody has anything signed by it. */
  auditKey?: KeyObject | undefined
}

/** The keys cannot be used. The message tells operators what is wrong and what to do. It holds no key bytes. */
export class KeyRingError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'KeyRingError'
  }
}

/** Returns the key with this id, or the primary key. Throws AppError invalid_request if there is no such key. */
export function chooseKey(ring: KeyRing, id: string | undefined): Key {
  const key = id === undefined ? ring.primary : ring.keys.get(id)
  if (key !== undefined) return key
  throw new AppError('invalid_request', 'key_id: no such key', { field: 'key_id' })
}

/** Returns true if both rings have the same keys and the same primary key. */
export function isSameRing(one: KeyRing, other: KeyRing): boolean {
  return (
    one.primary.id === other.primary.id &&
    one.keys.size === other.keys.size &&
    isSame(one.auditKey, other.auditKey) &&
    [...one.keys.values()].every(({ id, material }) =>
      isSame(material, other.keys.get(id)?.material),
    )
  )
}

/** Compares two keys, or none. */
export function isSame(one: KeyObject | undefined, other: KeyObject | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other)
}

/** Describes the keys for the log, whose fields are flat. No id contains a comma. */
export function describeRing({ primary, keys }: KeyRing) {
  return { primary: primary.id, count: keys.size, key_ids: [...keys.keys()].join(',') }
}

/** Returns the id and the state of each key, in the order of the ring. */
export function listKeyStates({ primary, keys }: KeyRing): KeysResponse['keys'] {
  const stateOf = (id: string) => (id === primary.id ? 'primary' : 'active')
  return [...keys.keys()].map((id) => ({ key_id: id, state: stateOf(id) }))
}
