// The condition that every signer must meet before a rotation continues, and the reports that are checked against it.
import type { KeyReport } from './key-source.ts'

export type Condition =
  | { every: 'holds' | 'signs with' | 'has dropped'; id: string }
  /** Also with no key. */
  | { every: 'reports'; id: 'its keys' }

/** The keys of one Pod's signer, or the reason why it does not report them. */
export type PodReport = { pod: string } & KeyReport

/** Returns true if the report shows that the Pod meets the condition. A Pod without a report does not. */
export function isMet({ every, id }: Condition, report: PodReport): boolean {
  if ('problem' in report) return false
  if (every === 'reports') return true
  const { primary, held } = report.keys
  if (every === 'signs with') return primary === id
  // A signer without a usable key reports no key. That does not show that it dropped this one.
  if (every === 'has dropped') return primary !== undefined && !held.includes(id)
  return held.includes(id)
}

/** Returns for example "every Pod holds key-2". */
export function describeCondition({ every, id }: Condition): string {
  return `every Pod ${every} ${id}`
}

/** Returns for example "pod-1 signs with key-1 and holds key-1, key-2". */
export function describeReport(report: PodReport): string {
  if ('problem' in report) return `${report.pod} does not report: ${report.problem}`
  const { primary, held } = report.keys
  if (primary === undefined) return `${report.pod} has no usable key of this form`
  return `${report.pod} signs with ${primary} and holds ${held.join(', ')}`
}
