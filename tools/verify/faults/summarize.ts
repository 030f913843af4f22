// What a load has seen, in figures.
import { createHmac } from 'node:crypto'
import type { Sample } from './load/schedule.ts'

export type Summary = {
  requests: number
  /** How many were sent a second; fewer than it should have been if the machine does not hold more. */
  perSecond: number
  failed: number
  /** Outcome → how often, of those that failed. */
  how: Record<string, number>
  /** Milliseconds between two requests, one after the other, that were both served: what stands between them failed. */
  longestGapMs: number
  /** Milliseconds from `since` to the first request after the last that failed; 0 if none did. */
  recoveryMs: number
  /** Milliseconds until the answer of the slowest that failed. */
  slowestFailureMs: number
}

/** `samples` in the order in which they were sent; `since` is when the fault came, in milliseconds since 1970. */
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

/** Every answer with a signature that is not the HMAC-SHA256 of its message is counted as failed from here on. */
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
