// Secrets in each state of a rotation.
import type { KeySecret } from '../../../tools/deploy/keys/key-secret.ts'
import { annotationNames } from '../../../tools/deploy/rotation/rotation-state.ts'
import { encode, makeSecret } from './simulated-cluster.ts'

export const { nextKey, replacedKey, replacedAt, verifiesUntil } = annotationNames

/** Returns a Secret with these keys. */
export function withKeys(ids: string[], primary?: string, annotations = {}): KeySecret {
  const keys = Object.fromEntries(ids.map((id) => [id, encode(`bytes of ${id}`)]))
  return makeSecret({ ...keys, ...(primary && { primary: encode(primary) }) }, annotations)
}
export const two = ['key-1', 'key-2']
export const added = { [nextKey]: 'key-2' }
export const replaced = {
  [replacedKey]: 'key-1',
  [replacedAt]: '2026-11-25T08:31:22Z',
  [verifiesUntil]: '2026-11-26T08:31:22Z',
}
export const due = { ...replaced, [verifiesUntil]: '2026-11-25T09:31:22Z' }
