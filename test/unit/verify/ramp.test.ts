// The capacity is the last rate that is carried, from the lowest one on.
import { expect, test } from 'vitest'
import { countCarried } from '../../../tools/verify/faults/load/ramp.ts'

const make = (outcome: string, ms = 5) => [{ outcome, at: 0, lateMs: 0, ms }]
const good = make('signed')

test.each([
  ['all rates', [good, good, good], [100, 200, 300], 3],
  ['up to a failure', [good, make('no answer'), make('no answer')], [100, 200, 200], 1],
  [
    'up to a slow answer',
    [good, good, ...Array(2).fill(make('signed', 300))],
    [100, 200, 300, 300],
    2,
  ],
  [
    'all rates, after a moment that was too slow',
    [good, make('signed', 300), good, good],
    [100, 200, 200, 300],
    3,
  ],
  ['none', [make('no answer'), []], [100, 100], 0],
])('%s', async (_, steps, expected, carried) => {
  const sent: number[] = []
  const sendStep = async (perSecond: number) => {
    sent.push(perSecond)
    return steps[sent.length - 1] ?? []
  }
  expect(await countCarried([100, 200, 300], sendStep)).toMatchObject({ steps: carried })
  expect(sent).toEqual(expected)
})

test('what was seen at the limit is told', async () => {
  const seen = await countCarried([100], async () => [...good, ...make('503 overloaded', 40)])
  expect(seen.limit).toBe('1 of 2 failed (503 overloaded), 1 of 100 took more than 40 ms')
})
