// What a rotation does to a cluster. In a dry run, it only prints what it would do.
import { setTimeout as sleep } from 'node:timers/promises'
import { say, step, UserError } from '../../cli/terminal.ts'
import { refreshVolumes } from '../../kube/refresh-volumes.ts'
import { type KeySecret, readKeySecret, replaceKeySecret } from '../keys/key-secret.ts'
import { describeCondition, type PodReport } from './pod-condition.ts'
import type { RotationEffects } from './run-rotation.ts'
import { waitForPods } from './wait-for-pods.ts'

const now = () => Date.now()
const note = (line: string) => say(`  note  ${line}`)

let isNoted = false

/** Without the right to patch Pods, the rotation takes longer. */
async function refreshOrNote(pods: readonly string[]): Promise<void> {
  try {
    await refreshVolumes(pods)
  } catch (error) {
    // A Pod may have gone meanwhile.
    if (isNoted || !(error instanceof UserError)) return
    isNoted = true
    note(`${error.message}. So each step waits until kubelet updates the volumes: up to 90 s`)
  }
}

/** Returns the effects on the cluster. `readReports` reads one report from each Pod. */
export function createEffects(readReports: () => Promise<PodReport[]>): RotationEffects {
  return {
    read: readKeySecret,
    async write(secret, title) {
      const isWritten = await replaceKeySecret(secret)
      if (isWritten) say(`  ok    ${title}`)
      return isWritten
    },
    awaitPods: (condition) =>
      step(describeCondition(condition), () =>
        waitForPods(condition, { readReports, refresh: refreshOrNote, note, now, sleep }),
      ),
    now,
    note,
  }
}

/** Returns effects on a copy of the Secret, for a dry run. The API server validates the first write. No effect waits. */
export function createDryEffects(): RotationEffects {
  let copy: KeySecret | undefined
  let isValidated = false
  return {
    async read() {
      copy ??= await readKeySecret()
      return copy
    },
    async write(secret, title) {
      // Only the first write, because the API server does not have the state that a later write replaces.
      if (!isValidated && !(await replaceKeySecret(secret, true))) {
        copy = undefined
        return false
      }
      isValidated = true
      copy = secret
      say(`  then  ${title}`)
      return true
    },
    async awaitPods(condition) {
      say(`  then  ${describeCondition(condition)}`)
      return true
    },
    now,
    note,
  }
}
