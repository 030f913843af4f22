// The keys of the signer. They are KeyObjects, so neither printing nor JSON.stringify shows their bytes.
import type { KeyObject } from 'node:crypto'
import type { Form, KeysResponse } from '../../runtime/contract.ts'
import { AppError } from '../../runtime/errors.ts'

export type Key = { id: string; material: KeyObject }

/** The keys of each form, sorted by id behind the primary one, which is the first. */
export type KeyRing = Readonly<Record<Form, readonly Key[]>> & {
  /** Makes the MACs of the audit log. It is none of the keys, so nobody has anything signed by it. */
  auditKey?: KeyObject | undefined
}

/** The keys cannot be used. The message tells operators what is wrong and what to do. It holds no key bytes. */
export class KeyRingError extends Error {
  override readonly name = 'KeyRingError'
}

/** Returns the key of this form with this id, or all of them. Throws AppError invalid_request if there is none. */
export function chooseKeys(ring: KeyRing, form: Form, id: string | undefined): readonly Key[] {
  const chosen = id === undefined ? ring[form] : ring[form].filter((key) => key.id === id)
  if (chosen.length > 0) return chosen
  const what = id === undefined ? `the signer has no ${form} key` : `no such ${form} key`
  throw new AppError('invalid_request', `key_id: ${what}`, { field: 'key_id' })
}

/** Returns true if both rings have the same keys and the same primary keys. */
export function isSameRing(one: KeyRing, other: KeyRing): boolean {
  const list = ({ raw, webhook, auditKey }: KeyRing) => {
    return [...raw, { id: '', material: auditKey }, ...webhook]
  }
  const others = list(other)
  return (
    list(one).length === others.length &&
    list(one).every(
      ({ id, material }, at) => id === others[at]?.id && isSame(material, others[at]?.material),
    )
  )
}

/** Compares two keys, or none. */
export function isSame(one: KeyObject | undefined, other: KeyObject | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other)
}

/** Describes the keys for the log, whose fields are flat. No id contains a comma. An empty text is none. */
export function describeRing(ring: KeyRing) {
  const join = (keys: readonly Key[]) => keys.map(({ id }) => id).join(',')
  const { raw, webhook } = ring
  const ids = listKeyStates(ring).map(({ key_id: id }) => id)
  return {
    ...{ primary: join(raw.slice(0, 1)), webhook_primary: join(webhook.slice(0, 1)) },
    ...{ count: ids.length, key_ids: ids.join(','), webhook_key_ids: join(webhook) },
  }
}

/** Returns the id, the state and the form of each key, sorted by id. */
export function listKeyStates(ring: KeyRing): KeysResponse['keys'] {
  const list = (form: Form): KeysResponse['keys'] =>
    ring[form].map(({ id }, at) => ({ key_id: id, state: at === 0 ? 'primary' : 'active', form }))
  return [...list('raw'), ...list('webhook')].sort((a, b) => (a.key_id < b.key_id ? -1 : 1))
}
