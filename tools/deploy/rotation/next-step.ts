// Decides the next step of a rotation from the Secret and the time alone, so an interrupted run needs no memory.
import { makeKey } from '../keys/hmac-key.ts'
import type { Change } from '../keys/key-secret.ts'
import type { Condition } from './pod-condition.ts'
import { marks, type RotationState } from './rotation-state.ts'

/** Milliseconds that signatures of a replaced key go on verifying, unless the user says otherwise. */
export const defaultOverlapMs = 24 * 3_600_000

export type Action = {
  kind: 'add' | 'promote' | 'reschedule' | 'keep' | 'retire' | 'end'
  /** What has to be so at every Pod first. */
  awaits: Condition
  /** What is then written, if it is written at the time `now`, and how a person is told. */
  write?: { title: string; compose: (now: number) => Change }
  /** What a person reads at the end; without it something is left to do. */
  closing?: string
}

const noMarks = Object.fromEntries(Object.values(marks).map((mark) => [mark, undefined]))

/** Decides it. Times in milliseconds; `overlapMs` is what the user asks for, undefined if nothing. */
export function decideAction(state: RotationState, now: number, overlapMs?: number): Action {
  const { stage, primary } = state
  switch (stage.kind) {
    case 'settled':
      return addKey(primary, state.newId)
    case 'added':
      return promoteKey(primary, stage.next, overlapMs ?? defaultOverlapMs)
    case 'replaced': {
      const until = overlapMs === undefined ? stage.verifiesUntil : stage.replacedAt + overlapMs
      if (now >= until) return retireKey(primary, stage.replaced)
      const kept = keepKey(primary, stage.replaced, until)
      return until === stage.verifiesUntil ? kept : reschedule(kept, stage.replaced, until)
    }
    case 'removed':
      return endRotation(stage.replaced)
  }
}

/** Nothing is begun unless every Pod answers. What names the primary is needed as soon as there are two keys. */
function addKey(primary: string, id: string): Action {
  const entries = { [id]: makeKey(), primary: Buffer.from(primary).toString('base64') }
  const annotations = { ...noMarks, [marks.nextKey]: id }
  return {
    kind: 'add',
    awaits: { every: 'signs with', id: primary },
    write: { title: `${id} is added`, compose: () => ({ data: entries, annotations }) },
  }
}

/** A Pod that did not hold the new key could not verify what another signs with it. */
function promoteKey(primary: string, next: string, overlapMs: number): Action {
  const compose = (now: number): Change => ({
    data: { primary: Buffer.from(next).toString('base64') },
    annotations: {
      ...noMarks,
      [marks.replacedKey]: primary,
      [marks.replacedAt]: formatTime(now),
      [marks.verifiesUntil]: formatTime(now + overlapMs),
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
    closing: `${primary} signs. Signatures made with ${replaced} verify until ${formatTime(until)} or later: from then on make rotate-key retires it`,
  }
}

function reschedule({ awaits }: Action, replaced: string, until: number): Action {
  const annotations = { [marks.verifiesUntil]: formatTime(until) }
  const title = `${replaced} verifies until ${formatTime(until)}`
  return { kind: 'reschedule', awaits, write: { title, compose: () => ({ annotations }) } }
}

/** Never a key that a Pod still signs with. The mark stays until the last Pod has dropped the key. */
function retireKey(primary: string, replaced: string): Action {
  return {
    kind: 'retire',
    awaits: { every: 'signs with', id: primary },
    write: {
      title: `${replaced} is removed`,
      compose: () => ({ data: { [replaced]: undefined } }),
    },
  }
}

function endRotation(replaced: string): Action {
  return {
    kind: 'end',
    awaits: { every: 'has dropped', id: replaced },
    write: { title: 'the rotation is over', compose: () => ({ annotations: noMarks }) },
    closing: `${replaced} is retired: signatures made with it no longer verify`,
  }
}

function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
