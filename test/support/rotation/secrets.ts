// Secrets in each state of a rotation.
import { type KeyForm, rawKeys } from '../../../tools/deploy/keys/key-forms.ts'
import type { KeySecret } from '../../../tools/deploy/keys/key-secret.ts'
import { encode, makeSecret } from './simulated-cluster.ts'

/** Returns the Secrets for the keys of one form. */
export function secretsOf(form: KeyForm) {
  const { nextKey, replacedKey, replacedAt, verifiesUntil } = form.annotationNames
  const two = [`${form.idPrefix}1`, `${form.idPrefix}2`] as const
  const [first, second] = two
  const added = { [nextKey]: second }
  const replaced = {
    [replacedKey]: first,
    [replacedAt]: '2026-11-25T08:31:22Z',
    [verifiesUntil]: '2026-11-26T08:31:22Z',
  }
  const due = { ...replaced, [verifiesUntil]: '2026-11-25T09:31:22Z' }

  /** Returns a Secret with these keys. */
  function withKeys(ids: readonly string[], primary?: string, annotations = {}): KeySecret {
    const prefix = form.name === 'webhook' ? 'whsec_' : ''
    const keys = Object.fromEntries(ids.map((id) => [id, encode(`${prefix}bytes of ${id}`)]))
    return makeSecret(
      { ...keys, ...(primary && { [form.primaryEntry]: encode(primary) }) },
      annotations,
    )
  }

  return { withKeys, two, added, replaced, due, ...form.annotationNames }
}

export const {
  withKeys,
  two,
  added,
  replaced,
  due,
  nextKey,
  replacedKey,
  replacedAt,
  verifiesUntil,
} = secretsOf(rawKeys)
