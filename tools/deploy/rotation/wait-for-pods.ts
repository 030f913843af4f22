// Waits until every Pod meets the condition of a rotation. If one does not, the error names it.
import { atPace } from '../../cli/pace.ts'
import { UserError } from '../../cli/terminal.ts'
import {
  type Condition,
  describeCondition,
  describeReport,
  isMet,
  type PodReport,
} from './pod-condition.ts'

/** Milliseconds. By itself, kubelet updates a changed Secret in a Pod within about a minute and a half. */
const deadlineMs = 180_000
const pollMs = 1_000

/** Times are in milliseconds. `readReports` reads one report from each Pod. `refresh` has kubelet update volumes at once. */
export type PodWaitEffects = {
  readReports: () => Promise<PodReport[]>
  refresh?: (pods: readonly string[]) => Promise<void>
  /** Gets each Pod whose signer is too old, once. A rollout may replace it while this waits. */
  note?: (line: string) => void
  now: () => number
  sleep: (ms: number) => Promise<unknown>
}

/** Returns false if there is no Pod. Throws UserError with all reports if it takes too long. */
export async function waitForPods(
  condition: Condition,
  { readReports, refresh = async () => {}, note = () => {}, now, sleep }: PodWaitEffects,
): Promise<boolean> {
  const deadline = now() + atPace(deadlineMs)
  const noted = new Set<string>()
  for (;;) {
    const reports = await readReports()
    for (const report of reports) {
      if (!('isTooOld' in report) || noted.has(report.pod)) continue
      noted.add(report.pod)
      note(describeReport(report))
    }
    if (reports.every((report) => isMet(condition, report))) return reports.length > 0
    if (now() >= deadline) {
      throw new UserError(
        `not ${describeCondition(condition)} after ${atPace(deadlineMs) / 1_000} s:\n  ${reports.map(describeReport).join('\n  ')}`,
        "No request fails meanwhile. Look for `keys_refused` in the signer's log, and fix the cause or delete the Pod. If the Secret was immutable before: docs/keys.md#immutable-secret. Then run the same command again, which continues the rotation.",
      )
    }
    await refresh(reports.filter((report) => !isMet(condition, report)).map(({ pod }) => pod))
    await sleep(pollMs)
  }
}
