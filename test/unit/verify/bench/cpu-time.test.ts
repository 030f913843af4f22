// The CPU time of a process, as the kernel writes it.
import { expect, test } from 'vitest'
import { parseCpuTime } from '../../../../tools/verify/bench/cpu-time.ts'

test('user mode and kernel count, also for a process with spaces and parentheses in its name', () => {
  const stat = '42 (a (b) c) S 1 42 42 0 -1 4194560 100 0 0 0 7 5 900 800 20 0 11 0 100 1000'
  expect(parseCpuTime(stat)).toBe(120_000)
})
