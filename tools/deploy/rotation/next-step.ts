// Decides the next step of a rotation from the Secret and the time alone. So it does not matter who made the step before, or
// whether that run was interrupted.
import { makeKey } from '../keys/hmac-key.ts'
import type { Change } from '../keys/key-secret.ts'
import { markRetired } from '../keys/retired-keys.ts'
import type { Condition } from './pod-condition.ts'
import { annotationNames, type RotationState } from './rotation-state.ts'

/** Milliseconds that signatures of a replaced key still verify. The user can set another value. */
export const defaultOverlapMs = 24 * 3_600_000

export type Action = {
  kind: 'add' | 'promote' | 'reschedule' | 'keep' | 'retire' | 'end'
  /** Every Pod must meet this condition first. */
  awaits: Condition
  /** The change to write then. `compose` gets the current time, and `title` describes the change. */
  write?: { title: string; compose: (now: number) => Change }
  /** The final message for the user. Without it, the run continues with the next step. */
  closing?: string
}

const noAnnotations = Object.fromEntries(
  Object.values(annotationNames).map((name) => [name, undefined]),
)

/** Times are in milliseconds. `overlapMs` is the overlap that the user sets. */
export function decideAction(state: RotationState, now: number, overlapMs?: number): Action {
  const { stage, primary } = state
  switch (stage.kind) {
    case 'settled':
      return addKey(primary, state.newId)
    case 'added':
      return promoteKey(primary, stage.next, overlapMs ?? defaultOverlapMs)
    case 'replaced': {
      const until = overlapMs === undefined ? stage.verifiesUntil : stage.replacedAt + overlapMs
      if (now >= until) return retireKey(primary, stage.replaced, state.retired)
      const kept = keepKey(primary, stage.replaced, until)
      return until === stage.verifiesUntil ? kept : reschedule(kept, stage.replaced, until)
    }
    case 'removed':
      return endRotation(stage.replaced, state.retired)
  }
}

/** A rotation begins only if every Pod reports. With two keys, the Secret must name the primary one. */
function addKey(primary: string, id: string): Action {
  const entries = { [id]: makeKey(), primary: Buffer.from(primary).toString('base64') }
  const annotations = { ...noAnnotations, [annotationNames.nextKey]: id }
  return {
    kind: 'add',
    awaits: { every: 'signs with', id: primary },
    write: { title: `${id} is added`, compose: () => ({ data: entries, annotations }) },
  }
}

/** Every Pod must hold the new key before one signs with it. Otherwise that Pod could not verify the signature. */
function promoteKey(primary: string, next: string, overlapMs: number): Action {
  const compose = (now: number): Change => ({
    data: { primary: Buffer.from(next).toString('base64') },
    annotations: {
      ...noAnnotations,
      [annotationNames.replacedKey]: primary,
      [annotationNames.replacedAt]: formatTime(now),
      [annotationNames.verifiesUntil]: formatTime(now + overlapMs),
    },
  })
  return {
    kind: 'promote',
    awaits: { every: 'holds', id: next },
    write: { title: `${next} is primary`, compose },
  }
}

function keepKey(primary: string, replaced: string, until: number): Action {
  return {
    kind: 'keep',
    awaits: { every: 'signs with', id: primary },
    closing: `${primary} signs. Signatures made with ${replaced} verify until ${formatTime(until)} or later. After that, make rotate-key retires it.`,
  }
}

function reschedule({ awaits }: Action, replaced: string, until: number): Action {
  const annotations = { [annotationNames.verifiesUntil]: formatTime(until) }
  const title = `${replaced} verifies until ${formatTime(until)}`
  return { kind: 'reschedule', awaits, write: { title, compose: () => ({ annotations }) } }
}

/** No Pod may still sign with the key. The annotations stay until every Pod has dropped it. */
function retireKey(primary: string, replaced: string, retired: readonly string[]): Action {
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

function endRotation(replaced: string, retired: readonly string[]): Action {
  const annotations = { ...noAnnotations, ...markRetired(retired, replaced) }
  return {
    kind: 'end',
    awaits: { every: 'has dropped', id: replaced },
    write: { title: 'the rotation is complete', compose: () => ({ annotations }) },
    closing: `${replaced} is retired: signatures made with it no longer verify`,
  }
}

/** Returns RFC 3339 in UTC and whole seconds. */
function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
