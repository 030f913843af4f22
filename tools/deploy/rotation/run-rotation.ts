// Runs a rotation until it has to wait for the overlap. Each round reads the Secret, decides the next step, waits for the Pods
// and writes. Rounds share no state, so a run may be interrupted anywhere, and several may run at once.
import { UserError } from '../../cli/terminal.ts'
import { completeSecret } from '../keys/audit-key.ts'
import { auditKeyEntry } from '../keys/entries.ts'
import { rawKeys } from '../keys/key-forms.ts'
import { changeKeySecret, type KeySecret } from '../keys/key-secret.ts'
import { type Action, decideAction } from './next-step.ts'
import type { Condition } from './pod-condition.ts'
import { type RotationState, readRotationState, renameAnnotations } from './rotation-state.ts'

/** A rotation needs five rounds, and one more each time that somebody else changes the Secret. */
const maxRounds = 20

export type RotationEffects = {
  read: () => Promise<KeySecret>
  /** Returns false and writes nothing if somebody changed the Secret since `read`. `title` describes the change. */
  write: (secret: KeySecret, title: string) => Promise<boolean>
  /** Returns when every Pod meets the condition. Returns false if there is no Pod. */
  awaitPods: (condition: Condition) => Promise<boolean>
  now: () => number
  note: (line: string) => void
}

type Reading = { secret: KeySecret; state: RotationState }

/**
 * Rotates the keys of one form. Returns the final message for the user. Throws UserError if a Pod does not follow, or the Secret
 * cannot be rotated.
 */
export async function rotateKey(
  effects: RotationEffects,
  overlapMs?: number,
  form = rawKeys,
): Promise<string> {
  const read = async (): Promise<Reading> => {
    const secret = renameAnnotations(await effects.read(), form)
    return { secret, state: readRotationState(secret, form) }
  }
  const note = createNoteOnce(effects.note)
  let last: Action | undefined
  for (let round = 0; round < maxRounds; round++) {
    const { secret, state } = await read()
    const action = decideAction(state, effects.now(), overlapMs)
    // One run makes at most one rotation.
    if (action.kind === 'add' && last !== undefined && last.kind !== 'add') {
      return last.closing ?? `${state.primary} signs: another run has completed this rotation`
    }
    last = action
    for (const each of state.notes) note(each)
    const hasPods = await effects.awaitPods(action.awaits).catch(async (error) => {
      // The Pods may have followed another writer. Then this error says more.
      await read()
      throw error
    })
    if (!hasPods) note('NO POD RUNS, so the rotation waits for none. make deploy starts one.')
    if (await writeChange(action, secret, effects)) {
      if (action.closing === undefined) continue
      await checkStays(state.primary, read)
      return action.closing
    } else note('somebody else changed the Secret at the same time, so it is read again')
  }
  throw new UserError(
    'somebody else changes the Secret all the time',
    'Find out who it is. Then run the same command again, which continues the rotation.',
  )
}

/** Reads the Secret once more, because another writer may have restored it while the run waited for the Pods. */
async function checkStays(primary: string, read: () => Promise<Reading>): Promise<void> {
  const now = (await read()).state.primary
  if (now === primary) return
  throw new UserError(
    `somebody changed the Secret after the last step: ${now} signs instead of ${primary}`,
    'Find out who writes the Secret: docs/keys.md#who-writes-the-secret. Then run the same command again.',
  )
}

/** Also adds the audit key if the Secret has none. */
async function writeChange(
  { write }: Action,
  secret: KeySecret,
  effects: RotationEffects,
): Promise<boolean> {
  if (write === undefined) return true
  const changed = completeSecret(changeKeySecret(secret, write.compose(effects.now())))
  const isNew = !(auditKeyEntry in secret.data)
  return effects.write(
    changed,
    isNew ? `${write.title}, and ${auditKeyEntry} is added` : write.title,
  )
}

/** Prints each line only the first time. */
function createNoteOnce(note: (line: string) => void): (line: string) => void {
  const printed = new Set<string>()
  return (line) => {
    if (!printed.has(line)) note(line)
    printed.add(line)
  }
}
