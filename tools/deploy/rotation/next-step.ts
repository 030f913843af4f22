// Decides the next step of a rotation from the Secret and the time alone. So it does not matter who made the step before, or
// whether that run was interrupted.
import { clearAnnotations } from '../keys/key-forms.ts'
import type { Change } from '../keys/key-secret.ts'
import { markRetired } from '../keys/retired-keys.ts'
import { closingTexts } from './closing-texts.ts'
import { beginWith, createFirst } from './first-key.ts'
import type { Condition } from './pod-condition.ts'
import type { RotationState } from './rotation-state.ts'

/** Milliseconds that signatures of a replaced key still verify. The user can set another value. */
export const defaultOverlapMs = 24 * 3_600_000

export type Action = {
  kind: 'create' | 'begin' | 'add' | 'promote' | 'reschedule' | 'keep' | 'retire' | 'end'
  /** Every Pod must meet this condition first. */
  awaits: Condition
  /** The change to write then. `compose` gets the current time, and `title` describes the change. */
  write?: { title: string; compose: (now: number) => Change }
  /** The final message for the user. Without it, the run continues with the next step. */
  closing?: string
}

const encode = (id: string) => Buffer.from(id).toString('base64')

/** Times are in milliseconds. `overlapMs` is the overlap that the user sets. */
export function decideAction(state: RotationState, now: number, overlapMs?: number): Action {
  const { stage } = state
  switch (stage.kind) {
    case 'none':
      return createFirst(state)
    case 'first':
      return beginWith(state)
    case 'settled':
      return addKey(state)
    case 'added':
      return promoteKey(state, stage.next, overlapMs ?? defaultOverlapMs)
    case 'replaced': {
      const until = overlapMs === undefined ? stage.verifiesUntil : stage.replacedAt + overlapMs
      if (now >= until) return retireKey(state, stage.replaced)
      const kept = keepKey(state, stage.replaced, until)
      return until === stage.verifiesUntil ? kept : reschedule(kept, state, stage.replaced, until)
    }
    case 'removed':
      return endRotation(state, stage.replaced)
  }
}

/** A rotation begins only if every Pod reports. With two keys, the Secret must name the primary one. */
function addKey({ form, primary, newId }: RotationState): Action {
  const entries = { [newId]: form.makeKey(), [form.primaryEntry]: encode(primary) }
  const annotations = { ...clearAnnotations(form), [form.annotationNames.nextKey]: newId }
  return {
    kind: 'add',
    awaits: { every: 'signs with', id: primary },
    write: { title: `${newId} is added`, compose: () => ({ data: entries, annotations }) },
  }
}

/** Every Pod must hold the new key before one signs with it. Otherwise that Pod could not verify the signature. */
function promoteKey({ form, primary }: RotationState, next: string, overlapMs: number): Action {
  const { replacedKey, replacedAt, verifiesUntil } = form.annotationNames
  const compose = (now: number): Change => ({
    data: { [form.primaryEntry]: encode(next) },
    annotations: {
      ...clearAnnotations(form),
      [replacedKey]: primary,
      [replacedAt]: formatTime(now),
      [verifiesUntil]: formatTime(now + overlapMs),
    },
  })
  return {
    kind: 'promote',
    awaits: { every: 'holds', id: next },
    write: { title: `${next} is primary`, compose },
  }
}

function keepKey({ form, primary }: RotationState, replaced: string, until: number): Action {
  return {
    kind: 'keep',
    awaits: { every: 'signs with', id: primary },
    closing: closingTexts[form.name].kept(primary, replaced, formatTime(until)),
  }
}

function reschedule(
  { awaits }: Action,
  { form }: RotationState,
  replaced: string,
  until: number,
): Action {
  const annotations = { [form.annotationNames.verifiesUntil]: formatTime(until) }
  const title = `${replaced} verifies until ${formatTime(until)}`
  return { kind: 'reschedule', awaits, write: { title, compose: () => ({ annotations }) } }
}

/** No Pod may still sign with the key. The annotations stay until every Pod has dropped it. */
function retireKey({ primary, retired }: RotationState, replaced: string): Action {
  const annotations = markRetired(retired, replaced)
  return {
    kind: 'retire',
    awaits: { every: 'signs with', id: primary },
    write: {
      title: `${replaced} is removed`,
      compose: () => ({ data: { [replaced]: undefined }, annotations }),
    },
  }
}

function endRotation({ form, retired }: RotationState, replaced: string): Action {
  const annotations = { ...clearAnnotations(form), ...markRetired(retired, replaced) }
  return {
    kind: 'end',
    awaits: { every: 'has dropped', id: replaced },
    write: { title: 'the rotation is complete', compose: () => ({ annotations }) },
    closing: closingTexts[form.name].retired(replaced),
  }
}

/** Returns RFC 3339 in UTC and whole seconds. */
function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
