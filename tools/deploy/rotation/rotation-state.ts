// The state of a rotation, from the Secret's entries and annotations. A state that only a person can have made is an error.
import { z } from 'zod'
import { UserError } from '../../cli/terminal.ts'
import { keySecret, namespace } from '../../kube/names.ts'
import { findWriter, type KeySecret } from '../keys/key-secret.ts'

/** Annotations. Times are RFC 3339, UTC, in seconds. */
export const marks = {
  nextKey: 'secure-signing.dev/next-key',
  replacedKey: 'secure-signing.dev/replaced-key',
  replacedAt: 'secure-signing.dev/replaced-at',
  verifiesUntil: 'secure-signing.dev/verifies-until',
} as const
/** The same annotation in version 0.1. This version finishes a rotation that 0.1 began. */
export const formerName = (mark: string) => mark.replace('secure-signing.dev/', 'secure-signing/')

const time = z.iso.datetime({ precision: 0 }).transform((text) => Date.parse(text))

/** Times in milliseconds since 1970. `removed`: its entry is gone, Pods may hold it still. */
export type Stage =
  | { kind: 'settled' }
  | { kind: 'added'; next: string }
  | { kind: 'replaced'; replaced: string; replacedAt: number; verifiesUntil: number }
  | { kind: 'removed'; replaced: string }

export type RotationState = {
  stage: Stage
  primary: string
  /** The id for a new key: one that no Pod can hold. */
  newId: string
  others: string[]
  /** What a person should know, but nothing has to be done about. */
  notes: string[]
}

/**
 * Returns `secret` with the annotations of version 0.1 under their names of today, so that the next write replaces them. Throws
 * UserError if an annotation has two values.
 */
export function renameMarks(secret: KeySecret): KeySecret {
  const annotations = { ...secret.metadata.annotations }
  for (const mark of Object.values(marks)) {
    const former = annotations[formerName(mark)]
    if (former === undefined) continue
    const current = annotations[mark] ?? former
    if (current !== former) {
      throw changedByHand(`${mark} is ${current}, and ${formerName(mark)} is ${former}`)
    }
    annotations[mark] = former
    delete annotations[formerName(mark)]
  }
  return { ...secret, metadata: { ...secret.metadata, annotations } }
}

/** Reads it. Throws UserError for a Secret that can't be rotated as it is. */
export function readRotationState(secret: KeySecret): RotationState {
  requireOurs(secret)
  const ids = Object.keys(secret.data).filter((id) => id !== 'primary')
  const primary = findPrimary(ids, secret.data.primary)
  const { annotations = {} } = secret.metadata
  const stage = readStage(ids, primary, annotations)
  const next = annotations[marks.nextKey]
  const replaced = annotations[marks.replacedKey]
  const parts = [primary, next, replaced]
  const others = ids.filter((id) => !parts.includes(id))
  const notes: string[] = []
  if (others.length > 0) notes.push(`also held, and left alone: ${others.join(', ')}`)
  if (stage.kind === 'settled' && next !== undefined) {
    notes.push(`${next}, which was to sign next, is gone from the Secret: a new rotation begins`)
  }
  if ('kubectl.kubernetes.io/last-applied-configuration' in annotations) {
    notes.push(
      `the Secret was made by kubectl apply, which left a copy of its key in an annotation: kubectl annotate secret ${keySecret} -n ${namespace} kubectl.kubernetes.io/last-applied-configuration- takes it away`,
    )
  }
  return { stage, primary, newId: findNewId([...ids, ...parts]), others, notes }
}

function requireOurs(secret: KeySecret): void {
  const writer = findWriter(secret)
  if (writer !== undefined) {
    throw new UserError(
      `the Secret ${keySecret} is written by ${writer}, which would undo a change`,
      'rotate there, in the same three steps: docs/keys.md',
    )
  }
  if (secret.immutable !== true) return
  throw new UserError(
    `the Secret ${keySecret} is immutable: no key can be added to it`,
    'delete it and make it again with the same entries, without `immutable`; then restart the Pods, for kubelet reads an immutable Secret only once',
  )
}

function findPrimary(ids: readonly string[], entry: string | undefined): string {
  const [only] = ids
  if (only === undefined) {
    throw new UserError(
      `the Secret ${keySecret} has no key`,
      'put the key back that the Pods hold; if there is none, delete the Secret, and make deploy makes a new key',
    )
  }
  if (entry === undefined) {
    if (ids.length === 1) return only
    throw new UserError(
      `the Secret ${keySecret} has ${ids.length} keys (${ids.join(', ')}) and no entry "primary"`,
      'name the one that signs in the entry "primary"; the metric signer_keys says which one it is now',
    )
  }
  const primary = Buffer.from(entry, 'base64').toString('utf8')
  if (ids.includes(primary)) return primary
  // Without its content: it may be a key that was put into the wrong entry.
  throw new UserError(
    `the entry "primary" of the Secret ${keySecret} names no key`,
    `let it be one of ${ids.join(', ')}, without a newline at its end`,
  )
}

function readStage(ids: string[], primary: string, annotations: Record<string, string>): Stage {
  const next = annotations[marks.nextKey]
  const replaced = annotations[marks.replacedKey]
  if (next !== undefined && replaced !== undefined) {
    throw changedByHand(`it says that ${next} is to sign next, and that ${replaced} was replaced`)
  }
  if (next !== undefined) {
    if (next === primary) throw changedByHand(`${next}, which is to sign next, signs already`)
    return ids.includes(next) ? { kind: 'added', next } : { kind: 'settled' }
  }
  if (replaced === undefined) return { kind: 'settled' }
  if (replaced === primary) throw changedByHand(`${replaced}, which was replaced, signs again`)
  if (!ids.includes(replaced)) return { kind: 'removed', replaced }
  const [replacedAt, verifiesUntil] = [marks.replacedAt, marks.verifiesUntil].map(
    (mark) => time.safeParse(annotations[mark]).data,
  )
  if (replacedAt === undefined || verifiesUntil === undefined) {
    throw changedByHand(`it does not say when ${replaced} was replaced, and until when it verifies`)
  }
  return { kind: 'replaced', replaced, replacedAt, verifiesUntil }
}

function changedByHand(what: string): UserError {
  const drop = Object.values(marks).flatMap((mark) => [`${mark}-`, `${formerName(mark)}-`])
  return new UserError(
    `the Secret ${keySecret} was changed by hand during a rotation: ${what}`,
    `end that rotation, which keeps every key: kubectl annotate secret ${keySecret} -n ${namespace} ${drop.join(' ')}`,
  )
}

function findNewId(known: readonly (string | undefined)[]): string {
  const numbers = known.map((id = '') => Number(/^key-(\d{1,9})$/.exec(id)?.[1] ?? 0))
  return `key-${Math.max(...numbers) + 1}`
}
