// Whether a load is carried: each request is served, and soon after it was due.
import type { Sample } from './schedule.ts'

/** `slowMs`: one of 100 requests took longer, from when it was due to its answer. `lateMs`: one of 100 left later than due. */
export type Strain = { requests: number; failed: number; slowMs: number; lateMs: number }

/** An idle machine answers 99 of 100 requests within 20 ms. All timeouts are longer than a second. */
export const SLOW_MS = 250

export function measureStrain(samples: readonly Sample[]): Strain {
  return {
    requests: samples.length,
    failed: samples.filter(({ outcome }) => outcome !== 'signed').length,
    slowMs: findP99(samples.map(({ lateMs, ms }) => lateMs + ms)),
    lateMs: findP99(samples.map(({ lateMs }) => lateMs)),
  }
}

export function isCarried({ requests, failed, slowMs }: Strain): boolean {
  return requests > 0 && failed === 0 && slowMs <= SLOW_MS
}

/** Says e.g. "2 of 75 failed (503 overloaded), 1 of 100 took more than 300 ms". */
export function describeStrain(samples: readonly Sample[]): string {
  const { requests, failed, slowMs } = measureStrain(samples)
  const how = new Set(samples.map(({ outcome }) => outcome).filter((each) => each !== 'signed'))
  const outcomes = failed === 0 ? '' : ` (${[...how].join(', ')})`
  return `${failed} of ${requests} failed${outcomes}, 1 of 100 took more than ${Math.round(slowMs)} ms`
}

function findP99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? 0
}
