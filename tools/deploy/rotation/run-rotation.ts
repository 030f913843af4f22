// Runs a rotation: reads, decides, waits for the Pods, writes, and repeats. Any run can be interrupted or run twice.
import { UserError } from '../../cli/terminal.ts'
import { changeKeySecret, type KeySecret } from '../keys/key-secret.ts'
import { type Action, decideAction } from './next-step.ts'
import type { Condition } from './pod-condition.ts'
import { readRotationState, renameMarks } from './rotation-state.ts'

/** A rotation takes five, and one more each time that somebody else has written meanwhile. */
const maxRounds = 20

export type RotationEffects = {
  read: () => Promise<KeySecret>
  /** False, and nothing is written, if the Secret is no longer the one that was read. `title`: what is written. */
  write: (secret: KeySecret, title: string) => Promise<boolean>
  /** Returns once it is so at every Pod; false if there is none. */
  awaitPods: (condition: Condition) => Promise<boolean>
  now: () => number
  note: (line: string) => void
}

/** Rotates, and returns the outcome as text. Throws UserError if a Pod does not follow in time. */
export async function rotateKey(effects: RotationEffects, overlapMs?: number): Promise<string> {
  const note = sayOnce(effects.note)
  let last: Action | undefined
  for (let round = 0; round < maxRounds; round++) {
    const secret = renameMarks(await effects.read())
    const state = readRotationState(secret)
    const action = decideAction(state, effects.now(), overlapMs)
    // One run, one rotation.
    if (action.kind === 'add' && last !== undefined && last.kind !== 'add') {
      return last.closing ?? `${state.primary} signs: another run has ended this rotation`
    }
    last = action
    for (const each of state.notes) note(each)
    const isAnyone = await effects.awaitPods(action.awaits)
    if (!isAnyone) note('NO POD RUNS: there is none to wait for; make deploy starts one')
    if (await writeChange(action, secret, effects)) {
      if (action.closing !== undefined) return action.closing
    } else note('somebody else has changed the Secret meanwhile: it is looked at again')
  }
  throw new UserError(
    'somebody else changes the Secret all the time',
    'find out who, then run make rotate-key again: it goes on from here',
  )
}

async function writeChange({ write }: Action, secret: KeySecret, effects: RotationEffects) {
  if (write === undefined) return true
  return effects.write(changeKeySecret(secret, write.compose(effects.now())), write.title)
}

function sayOnce(say: (line: string) => void): (line: string) => void {
  const said = new Set<string>()
  return (line) => {
    if (!said.has(line)) say(line)
    said.add(line)
  }
}
