// A slow machine gets more time, and a usual one does not.
import { afterEach, expect, test } from 'vitest'
import { tryRun } from '../../../tools/cli/exec.ts'
import { atPace, measurePace } from '../../../tools/cli/pace.ts'

afterEach(() => measurePace(0))

test('a time limit is as stated until the pace is measured', () => {
  expect(atPace(180_000)).toBe(180_000)
})

test.each([
  ['a usual machine', 600, 1],
  ['a busy one', 1_900, 1],
  ['an emulated one', 12_500, 12],
  ['one that was asleep', 3_600_000, 20],
])('%s starts a program in %i ms, and gets %i times the limit', (_, startMs, times) => {
  measurePace(startMs)
  expect(atPace(15_000)).toBe(times * 15_000)
})

test('a program that the usual limit kills ends on a slow machine', async () => {
  const run = () => tryRun('sh', ['-c', 'sleep 0.3; echo done'], { timeoutMs: 100 })
  expect(await run()).toMatchObject({ code: 124, stdout: '' })
  measurePace(10_000)
  expect(await run()).toMatchObject({ code: 0, stdout: 'done\n' })
})
