// Computes the figures of a load.
import { createHmac } from 'node:crypto'
import type { Sample } from './load/schedule.ts'
import { measureStrain, SLOW_MS, type Strain } from './load/strain.ts'

export type Summary = {
  requests: number
  /** Requests sent a second. On a slow machine, fewer than the load should send. */
  perSecond: number
  failed: number
  /** Outcome → number of failed requests. */
  how: Record<string, number>
  /** The longest time between two served requests with no served one between them, in milliseconds. */
  longestGapMs: number
  /** Milliseconds from `since` to the first request after the last failed one. 0 without failures. */
  recoveryMs: number
  /** Milliseconds until the slowest failed request had its answer. */
  slowestFailureMs: number
}

/** `samples`: in the order of sending. `since`: the time of the fault, in milliseconds since 1970. */
export function summarize(samples: readonly Sample[], since: number): Summary {
  const failures = samples.filter(({ outcome }) => outcome !== 'signed')
  const how: Record<string, number> = {}
  for (const { outcome } of failures) how[outcome] = (how[outcome] ?? 0) + 1
  const last = samples.findLastIndex(({ outcome }) => outcome !== 'signed')
  const end = samples[last + 1]?.at ?? Number.POSITIVE_INFINITY
  return {
    requests: samples.length,
    perSecond: measureRate(samples),
    failed: failures.length,
    how,
    longestGapMs: measureLongestGap(samples),
    recoveryMs: last < 0 ? 0 : Math.max(0, end - since),
    slowestFailureMs: Math.max(0, ...failures.map(({ ms }) => ms)),
  }
}

/** The figures of a fault. `before`: what the machine carried before it. `during`: from the fault on. */
export type FaultSummary = Summary & { before: Strain; during: Strain }

/**
 * Times in milliseconds since 1970: all loads have outcomes from `warmSince` on, the fault begins at `faultAt`, and recovery
 * is measured from `since`.
 */
export type FaultTimes = { warmSince: number; faultAt: number; since: number }

export function summarizeFault(
  samples: readonly Sample[],
  { warmSince, faultAt, since }: FaultTimes,
): FaultSummary {
  // A request that was under way when the fault began may fail because of it.
  const isBefore = ({ at, ms }: Sample) =>
    at >= warmSince && at < faultAt && at + Math.min(ms, SLOW_MS) <= faultAt
  return {
    ...summarize(samples, since),
    before: measureStrain(samples.filter(isBefore)),
    during: measureStrain(samples.filter(({ at }) => at >= faultAt)),
  }
}

function measureRate(samples: readonly Sample[]): number {
  const ms = (samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)
  return ms === 0
    ? 0
    : (samples.filter(({ outcome }) => outcome !== 'not sent').length / ms) * 1_000
}

function measureLongestGap(samples: readonly Sample[]): number {
  const served = samples.filter(({ outcome }) => outcome === 'signed').map(({ at }) => at)
  let longest = 0
  for (const [index, at] of served.entries()) {
    longest = Math.max(longest, at - (served[index - 1] ?? at))
  }
  return longest
}

/** Marks each answer as failed whose signature is not the HMAC-SHA256 of its message. */
export function checkSignatures(
  samples: readonly Sample[],
  keys: ReadonlyMap<string, Uint8Array>,
): Sample[] {
  return samples.map((sample) => {
    const { signed } = sample
    if (signed === undefined) return sample
    const key = keys.get(signed.keyId)
    if (key === undefined) return { ...sample, outcome: `unknown key ${signed.keyId}` }
    const expected = createHmac('sha256', key).update(signed.message).digest('hex')
    return expected === signed.signature ? sample : { ...sample, outcome: 'wrong signature' }
  })
}
