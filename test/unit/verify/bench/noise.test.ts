// A benchmark beside other programs is marked.
import { expect, test } from 'vitest'
import {
  compareNoise,
  describeNoise,
  parseProcess,
  sumTicks,
} from '../../../../tools/verify/bench/noise.ts'

const processes = [
  '1 (init) S 0 1 1 0 -1 0 0 0 0 0 1000 1000 5000 5000 20',
  '20 (our make) S 1 1 1 0 -1 0 0 0 0 0 3 4 10 20 20',
  '30 (a b) c) S 20 1 1 0 -1 0 0 0 0 0 100 50 0 0 20',
  '25 (grandchild) S 30 1 1 0 -1 0 0 0 0 0 7 0 0 0 20',
  '40 (other) S 1 1 1 0 -1 0 0 0 0 0 500 0 0 0 20',
].map(parseProcess)

test('the time of a process includes what it has started, and what has ended', () => {
  expect(processes[2]).toEqual({ pid: 30, parent: 20, ticks: 150 })
  expect(sumTicks(processes, [20])).toBe(37 + 150 + 7)
  expect(sumTicks(processes, [30, 40])).toBe(157 + 500)
})

const at = (idle: number, ownTicks?: number) => ({
  machine: { at: 0, all: idle === 0 ? 0 : 1_000, idle, stolen: idle === 0 ? 0 : 20 },
  ownTicks,
})

test('other programs have what neither we nor the hypervisor had, and what was not idle', () => {
  expect(compareNoise(at(0, 500), at(300, 1_000)).others).toBeCloseTo(0.18)
  expect(compareNoise(at(0), at(300))).toEqual({ stolen: 0.02 })
})

test('a run with too much noise is marked', () => {
  expect(describeNoise({ stolen: 0.01, others: 0.04 })).toBe(
    'During the run other programs took 4 % and the hypervisor took 1 % of the processor time.',
  )
  expect(describeNoise({ stolen: 0, others: 0.3 })).toContain('**That is too much')
  expect(describeNoise({ stolen: 0.2 })).toContain('**That is too much')
})
