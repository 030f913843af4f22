// What every Pod's signer must report before a rotation goes on, and how that is told.
import type { HeldKeys } from '../keys/key-metrics.ts'

export type Condition = { every: 'holds' | 'signs with' | 'has dropped'; id: string }

/** What one Pod's signer reports, or why it does not. */
export type PodReport = { pod: string; keys: HeldKeys } | { pod: string; problem: string }

/** True if the Pod reports that it is so. One that reports nothing does not. */
export function isMet({ every, id }: Condition, report: PodReport): boolean {
  if ('problem' in report) return false
  const { primary, held } = report.keys
  if (every === 'signs with') return primary === id
  // A signer without a usable key reports none. That is no sign of having dropped one.
  if (every === 'has dropped') return primary !== undefined && !held.includes(id)
  return held.includes(id)
}

/** E.g. "every Pod holds key-2". */
export function describeCondition({ every, id }: Condition): string {
  return `every Pod ${every} ${id}`
}

/** E.g. "pod-1 signs with key-1 and holds key-1, key-2". */
export function describeReport(report: PodReport): string {
  if ('problem' in report) return `${report.pod} does not report: ${report.problem}`
  const { primary, held } = report.keys
  if (primary === undefined) return `${report.pod} has no usable key`
  return `${report.pod} signs with ${primary} and holds ${held.join(', ')}`
}
