// What public clients saw of a freeze.
import { expect } from 'vitest'
import type { Sample } from '../../../tools/verify/faults/load/schedule.ts'
import { expectLast, type Frozen } from './freeze.ts'

/**
 * Tests that every request was served before the freeze and after the thaw, and none between. `thawed`: start and end of that
 * command.
 */
export function expectServedAround(
  samples: readonly Sample[],
  frozen: Frozen,
  thawed: { start: number; end: number },
): void {
  expect(listEnds(samples.filter(({ at, ms }) => at + ms < frozen.start))).toEqual(['signed'])
  const during = samples.filter(({ at, ms }) => at + ms < thawed.start)
  expectLast('public clients', frozen, findLast(during))
  expect(listEnds(samples.filter(({ at }) => at > thawed.end))).toEqual(['signed'])
}

function findLast(samples: readonly Sample[]): number {
  const signed = samples.filter(({ outcome }) => outcome === 'signed')
  return Math.max(...signed.map(({ at, ms }) => at + ms))
}

/** Lists how requests ended, each way once. */
function listEnds(samples: readonly Sample[]): string[] {
  return [...new Set(samples.map(({ outcome }) => outcome))]
}
