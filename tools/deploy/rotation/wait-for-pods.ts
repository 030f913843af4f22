// Waits until every Pod reports what a rotation needs; who does not is named.
import { UserError } from '../../cli/terminal.ts'
import {
  type Condition,
  describeCondition,
  describeReport,
  isMet,
  type PodReport,
} from './pod-condition.ts'

/** Milliseconds. kubelet brings a changed Secret to a Pod within about a minute and a half. */
const deadlineMs = 180_000
const pollMs = 1_000

/** Milliseconds; `askPods` asks every Pod there is, once. */
export type PodWaitEffects = {
  askPods: () => Promise<PodReport[]>
  now: () => number
  sleep: (ms: number) => Promise<unknown>
}

/** Returns once every Pod reports that it is so; false if there is none. Throws UserError, with what each reports. */
export async function waitForPods(
  condition: Condition,
  { askPods, now, sleep }: PodWaitEffects,
): Promise<boolean> {
  const deadline = now() + deadlineMs
  for (;;) {
    const reports = await askPods()
    if (reports.every((report) => isMet(condition, report))) return reports.length > 0
    if (now() >= deadline) {
      throw new UserError(
        `not ${describeCondition(condition)} after ${deadlineMs / 1_000} s:\n  ${reports.map(describeReport).join('\n  ')}`,
        "no request is lost by that. See the signer's log for `keys_refused`, mend or delete the Pod, and run make rotate-key again: it goes on from here",
      )
    }
    await sleep(pollMs)
  }
}
