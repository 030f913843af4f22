// Bounds the log lines that anybody can cause. Otherwise a flood of refused requests would push older lines out of the files that
// kubelet keeps.
import { createTokenBucket } from './token-bucket.ts'

const LINES_PER_SECOND = 2
const LINES_AT_ONCE = 1_000
const REPORT_MS = 10_000

/** Returns how many of `wanted` lines may be written. The others are counted. */
export type TakeLines = (wanted?: number) => number

/** Makes a budget. `report` receives how many lines were left out, every 10 s. */
export function createLineBudget(report: (omitted: number) => void): TakeLines {
  const take = createTokenBucket(LINES_PER_SECOND, LINES_AT_ONCE)
  let omitted = 0
  setInterval(() => {
    if (omitted > 0) report(omitted)
    omitted = 0
  }, REPORT_MS).unref()
  return (wanted = 1) => {
    let granted = 0
    while (granted < wanted && take(1) === 0) granted += 1
    omitted += wanted - granted
    return granted
  }
}
