// Reads the state of a rotation from the Secret alone: its entries, and annotations for the rest. Refuses a state that no
// rotation can have made, and says how to fix it.
import { z } from 'zod'
import { UserError } from '../../cli/terminal.ts'
import { keySecret, namespace } from '../../kube/names.ts'
import { listKeyIds } from '../keys/entries.ts'
import { immutableAdvice } from '../keys/immutable.ts'
import { type KeyForm, rawKeys } from '../keys/key-forms.ts'
import type { KeySecret } from '../keys/key-secret.ts'
import { findPrimary } from '../keys/primary-key.ts'
import { findReturned, readRetired } from '../keys/retired-keys.ts'
import { checkNoOtherWriter, noteDoubtfulWriters } from '../keys/secret-writers.ts'

/** The name of an annotation in version 0.1. This version completes a rotation that 0.1 began. */
export const formerName = (name: string) => name.replace('secure-signing.dev/', 'secure-signing/')

const time = z.iso.datetime({ precision: 0 }).transform((text) => Date.parse(text))

/**
 * Times are in milliseconds since 1970. `first`: the primary key is the first one, and Pods may not hold it yet. In `removed`, the
 * key is not in the Secret, but Pods may still hold it.
 */
export type Stage =
  | { kind: 'none' }
  | { kind: 'first' }
  | { kind: 'settled' }
  | { kind: 'added'; next: string }
  | { kind: 'replaced'; replaced: string; replacedAt: number; verifiesUntil: number }
  | { kind: 'removed'; replaced: string }

export type RotationState = {
  form: KeyForm
  stage: Stage
  /** Empty if there is no key of this form. */
  primary: string
  /** The id for a new key. No Pod can hold a key with this id. */
  newId: string
  /** Removed by rotations, the last one at the end. */
  retired: string[]
  others: string[]
  /** Notes for the user that require no action. */
  notes: string[]
}

/** Renames the annotations of version 0.1 for the next write. Throws UserError if one has two values. */
export function renameAnnotations(secret: KeySecret, form = rawKeys): KeySecret {
  const annotations = { ...secret.metadata.annotations }
  for (const name of Object.values(form.annotationNames)) {
    const former = annotations[formerName(name)]
    if (former === undefined) continue
    const current = annotations[name] ?? former
    if (current !== former) {
      throw changedByHand(form, `${name} is ${current}, and ${formerName(name)} is ${former}`)
    }
    annotations[name] = former
    delete annotations[formerName(name)]
  }
  return { ...secret, metadata: { ...secret.metadata, annotations } }
}

/** Throws UserError if no rotation can have made the Secret, or if the signer refuses the keys of another form. */
export function readRotationState(secret: KeySecret, form = rawKeys): RotationState {
  checkWritable(secret)
  const returned = findReturned(secret)
  if (returned !== undefined) throw returned
  const all = listKeyIds(secret.data)
  const primary = findPrimary(secret.data, form)
  const ids = listKeyIds(secret.data, form.name)
  const { annotations = {} } = secret.metadata
  const retired = readRetired(secret)
  const stage = readStage(ids, primary, annotations, form)
  const next = annotations[form.annotationNames.nextKey]
  const replaced = annotations[form.annotationNames.replacedKey]
  const parts = [primary, next, replaced]
  const others = ids.filter((id) => !parts.includes(id))
  const notes: string[] = []
  if (others.length > 0)
    notes.push(`the Secret has other ${form.noun}s, which stay: ${others.join(', ')}`)
  if ((stage.kind === 'settled' || stage.kind === 'none') && next !== undefined) {
    notes.push(`somebody removed the new key ${next} from the Secret, so a new rotation begins`)
  }
  notes.push(...noteDoubtfulWriters(secret))
  const newId = findNewId(
    form,
    [...all, ...parts, ...retired].flatMap((id) => id ?? []),
  )
  return { form, stage, primary, newId, retired, others, notes }
}

function checkWritable(secret: KeySecret): void {
  checkNoOtherWriter(secret)
  if (secret.immutable !== true) return
  throw new UserError(
    `the Secret ${keySecret} is immutable, so no key can be added`,
    `Create it again with the same entries but without \`immutable\`. ${immutableAdvice}`,
  )
}

function readStage(
  ids: readonly string[],
  primary: string,
  annotations: Record<string, string>,
  form: KeyForm,
): Stage {
  const { annotationNames } = form
  const next = annotations[annotationNames.nextKey]
  const replaced = annotations[annotationNames.replacedKey]
  if (next !== undefined && replaced !== undefined) {
    throw changedByHand(form, `${next} is marked as next, and ${replaced} as replaced`)
  }
  if (next !== undefined) {
    if (next === primary && ids.length === 1) return { kind: 'first' }
    if (next === primary) throw changedByHand(form, `${next} is marked as next, but signs already`)
    if (ids.includes(next)) return { kind: 'added', next }
  }
  if (ids.length === 0) return { kind: 'none' }
  if (replaced === undefined) return { kind: 'settled' }
  if (replaced === primary)
    throw changedByHand(form, `${replaced} is marked as replaced, but signs again`)
  if (!ids.includes(replaced)) return { kind: 'removed', replaced }
  const [replacedAt, verifiesUntil] = [
    annotationNames.replacedAt,
    annotationNames.verifiesUntil,
  ].map((name) => time.safeParse(annotations[name]).data)
  if (replacedAt === undefined || verifiesUntil === undefined) {
    throw changedByHand(
      form,
      `${replaced} is marked as replaced, but its times are missing or invalid`,
    )
  }
  return { kind: 'replaced', replaced, replacedAt, verifiesUntil }
}

function changedByHand(form: KeyForm, what: string): UserError {
  const names = Object.values(form.annotationNames)
  // Version 0.1 rotated raw keys only.
  const all = form === rawKeys ? names.flatMap((name) => [name, formerName(name)]) : names
  const removals = all.map((name) => `${name}-`)
  return new UserError(
    `somebody changed the Secret ${keySecret} during a rotation: ${what}`,
    `End that rotation, which keeps all keys: kubectl annotate secret ${keySecret} -n ${namespace} ${removals.join(' ')}`,
  )
}

function findNewId({ idPrefix }: KeyForm, known: readonly string[]): string {
  const numbers = known
    .filter((id) => id.startsWith(idPrefix))
    .map((id) => id.slice(idPrefix.length))
    .filter((rest) => /^\d{1,9}$/.test(rest))
  return `${idPrefix}${Math.max(0, ...numbers.map(Number)) + 1}`
}
