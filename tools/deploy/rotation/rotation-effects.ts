// What a rotation does to a cluster; and, for a dry run, what it would do.
import { setTimeout as sleep } from 'node:timers/promises'
import { say, step } from '../../cli/terminal.ts'
import { type KeySecret, readKeySecret, replaceKeySecret } from '../keys/key-secret.ts'
import { describeCondition, type PodReport } from './pod-condition.ts'
import type { RotationEffects } from './run-rotation.ts'
import { waitForPods } from './wait-for-pods.ts'

const now = () => Date.now()
const note = (line: string) => say(`  note  ${line}`)

/** The real ones. `askPods` asks every Pod once. */
export function createEffects(askPods: () => Promise<PodReport[]>): RotationEffects {
  return {
    read: readKeySecret,
    async write(secret, title) {
      const isWritten = await replaceKeySecret(secret)
      if (isWritten) say(`  ok    ${title}`)
      return isWritten
    },
    awaitPods: (condition) =>
      step(describeCondition(condition), () => waitForPods(condition, { askPods, now, sleep })),
    now,
    note,
  }
}

/** Goes through the same steps on a copy. The API server judges the first write, and waits are only told. */
export function createDryEffects(): RotationEffects {
  let copy: KeySecret | undefined
  let isJudged = false
  return {
    async read() {
      copy ??= await readKeySecret()
      return copy
    },
    async write(secret, title) {
      // The later ones it would refuse: they are written over states that it has not seen.
      if (!isJudged && !(await replaceKeySecret(secret, true))) {
        copy = undefined
        return false
      }
      isJudged = true
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
