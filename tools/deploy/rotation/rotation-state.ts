// Reads the state of a rotation from the Secret alone: its entries, and annotations for the rest. Refuses a state that no
// rotation can have made, and says how to fix it.
import { z } from 'zod'
import { UserError } from '../../cli/terminal.ts'
import { keySecret, namespace } from '../../kube/names.ts'
import { listKeyIds } from '../keys/entries.ts'
import { immutableAdvice } from '../keys/immutable.ts'
import type { KeySecret } from '../keys/key-secret.ts'
import { findReturned, readRetired } from '../keys/retired-keys.ts'
import { checkNoOtherWriter, noteDoubtfulWriters } from '../keys/secret-writers.ts'

/** The annotations on the Secret. Times are RFC 3339 in UTC and whole seconds. */
export const annotationNames = {
  nextKey: 'secure-signing.dev/next-key',
  replacedKey: 'secure-signing.dev/replaced-key',
  replacedAt: 'secure-signing.dev/replaced-at',
  verifiesUntil: 'secure-signing.dev/verifies-until',
} as const
/** The name of an annotation in version 0.1. This version completes a rotation that 0.1 began. */
export const formerName = (name: string) => name.replace('secure-signing.dev/', 'secure-signing/')

const time = z.iso.datetime({ precision: 0 }).transform((text) => Date.parse(text))

/** Times are in milliseconds since 1970. In `removed`, the key is not in the Secret, but Pods may still hold it. */
export type Stage =
  | { kind: 'settled' }
  | { kind: 'added'; next: string }
  | { kind: 'replaced'; replaced: string; replacedAt: number; verifiesUntil: number }
  | { kind: 'removed'; replaced: string }

export type RotationState = {
  stage: Stage
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
export function renameAnnotations(secret: KeySecret): KeySecret {
  const annotations = { ...secret.metadata.annotations }
  for (const name of Object.values(annotationNames)) {
    const former = annotations[formerName(name)]
    if (former === undefined) continue
    const current = annotations[name] ?? former
    if (current !== former) {
      throw changedByHand(`${name} is ${current}, and ${formerName(name)} is ${former}`)
    }
    annotations[name] = former
    delete annotations[formerName(name)]
  }
  return { ...secret, metadata: { ...secret.metadata, annotations } }
}

export function readRotationState(secret: KeySecret): RotationState {
  checkWritable(secret)
  const returned = findReturned(secret)
  if (returned !== undefined) throw returned
  const ids = listKeyIds(secret.data)
  const primary = findPrimary(ids, secret.data.primary)
  const { annotations = {} } = secret.metadata
  const retired = readRetired(secret)
  const stage = readStage(ids, primary, annotations)
  const next = annotations[annotationNames.nextKey]
  const replaced = annotations[annotationNames.replacedKey]
  const parts = [primary, next, replaced]
  const others = ids.filter((id) => !parts.includes(id))
  const notes: string[] = []
  if (others.length > 0) notes.push(`the Secret has other keys, which stay: ${others.join(', ')}`)
  if (stage.kind === 'settled' && next !== undefined) {
    notes.push(`somebody removed the new key ${next} from the Secret, so a new rotation begins`)
  }
  notes.push(...noteDoubtfulWriters(secret))
  const newId = findNewId([...ids, ...parts, ...retired])
  return { stage, primary, newId, retired, others, notes }
}

function checkWritable(secret: KeySecret): void {
  checkNoOtherWriter(secret)
  if (secret.immutable !== true) return
  throw new UserError(
    `the Secret ${keySecret} is immutable, so no key can be added`,
    `Create it again with the same entries but without \`immutable\`. ${immutableAdvice}`,
  )
}

function findPrimary(ids: readonly string[], entry: string | undefined): string {
  const [only] = ids
  if (only === undefined) {
    throw new UserError(
      `the Secret ${keySecret} has no key`,
      'Restore the key that the Pods hold. If there is none, delete the Secret and run `make deploy`, which creates a new key.',
    )
  }
  if (entry === undefined) {
    if (ids.length === 1) return only
    throw new UserError(
      `the Secret ${keySecret} has ${ids.length} keys (${ids.join(', ')}) and no entry "primary"`,
      'Write the id of the key that signs into the entry "primary". The metric signer_keys shows which one signs now.',
    )
  }
  const primary = Buffer.from(entry, 'base64').toString('utf8')
  if (ids.includes(primary)) return primary
  // Not its content, which may be a key in the wrong entry.
  throw new UserError(
    `the entry "primary" of the Secret ${keySecret} names no key`,
    `Write one of ${ids.join(', ')} into it, without a newline at the end.`,
  )
}

function readStage(ids: string[], primary: string, annotations: Record<string, string>): Stage {
  const next = annotations[annotationNames.nextKey]
  const replaced = annotations[annotationNames.replacedKey]
  if (next !== undefined && replaced !== undefined) {
    throw changedByHand(`${next} is marked as next, and ${replaced} as replaced`)
  }
  if (next !== undefined) {
    if (next === primary) throw changedByHand(`${next} is marked as next, but signs already`)
    return ids.includes(next) ? { kind: 'added', next } : { kind: 'settled' }
  }
  if (replaced === undefined) return { kind: 'settled' }
  if (replaced === primary)
    throw changedByHand(`${replaced} is marked as replaced, but signs again`)
  if (!ids.includes(replaced)) return { kind: 'removed', replaced }
  const [replacedAt, verifiesUntil] = [
    annotationNames.replacedAt,
    annotationNames.verifiesUntil,
  ].map((name) => time.safeParse(annotations[name]).data)
  if (replacedAt === undefined || verifiesUntil === undefined) {
    throw changedByHand(`${replaced} is marked as replaced, but its times are missing or invalid`)
  }
  return { kind: 'replaced', replaced, replacedAt, verifiesUntil }
}

function changedByHand(what: string): UserError {
  const removals = Object.values(annotationNames).flatMap((name) => [
    `${name}-`,
    `${formerName(name)}-`,
  ])
  return new UserError(
    `somebody changed the Secret ${keySecret} during a rotation: ${what}`,
    `End that rotation, which keeps all keys: kubectl annotate secret ${keySecret} -n ${namespace} ${removals.join(' ')}`,
  )
}

function findNewId(known: readonly (string | undefined)[]): string {
  const numbers = known.map((id = '') => Number(/^key-(\d{1,9})$/.exec(id)?.[1] ?? 0))
  return `key-${Math.max(...numbers) + 1}`
}
