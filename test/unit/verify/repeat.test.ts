// A fault on a busy machine is measured again with a smaller load, which a real fault does not survive.
import { expect, test } from 'vitest'
import type { Setting } from '../../../tools/verify/faults/measure.ts'
import { planLoad, rateOf } from '../../../tools/verify/faults/plan.ts'
import { measureWithRepeats } from '../../../tools/verify/faults/repeat.ts'
import type { Result } from '../../../tools/verify/faults/result.ts'

const experiment = {
  ...{ id: 'a-fault', title: 'a fault', attack: '31', replicas: 1, bounds: {} },
  sources: ['public' as const],
  run: async () => undefined,
}
const held = { broken: [], unjudged: [], mayBeOverload: false }
const overloaded = { broken: [], unjudged: ['2 failed', 'late'], mayBeOverload: true }
const busy = { broken: ['2 failed'], unjudged: [], mayBeOverload: true }
const broken = { broken: ['2 failed'], unjudged: [], mayBeOverload: false }
type Verdict = Pick<Result, 'broken' | 'unjudged' | 'mayBeOverload'>

/** Gives one verdict after the other. Returns the last result, and the rates of the public load. */
async function run(perSecond: number, ...verdicts: Verdict[]) {
  const rates: number[] = []
  const plan = planLoad({ perSecond, limits: '', startMs: 100 })
  const measureOnce = async (_: unknown, { plan: given }: Setting): Promise<Result> => {
    rates.push(rateOf('public', given))
    const counts = { sources: [], attempts: 1, refused: 1, unauthorized: 0, notes: ['a note'] }
    return { ...experiment, ...counts, ...(verdicts[rates.length - 1] ?? held) }
  }
  const setting = { gatewayUrl: '', isShort: true, plan }
  return { result: await measureWithRepeats(experiment, setting, measureOnce), rates }
}

test.each([
  ['one that holds', [held], [200]],
  ['one that does not hold on an idle machine', [broken], [200]],
])('%s is measured once', async (_, verdicts, expected) => {
  const { result, rates } = await run(1_500, ...verdicts)
  expect(rates).toEqual(expected)
  expect(result).toMatchObject({ ...verdicts.at(-1), notes: ['a note'] })
})

test('one that holds with half of the load holds, and the report has the first try', async () => {
  const { result, rates } = await run(1_500, overloaded)
  expect(rates).toEqual([200, 100])
  expect(result).toMatchObject(held)
  expect(result.notes).toEqual([
    'With 300 requests a second on a busy machine: 2 failed. late. Repeated with 150 requests a second',
    'a note',
  ])
})

test.each([
  ['a real fault is broken, although the machine is busy', 1_500, busy, [200, 100, 50]],
  ['a machine that stays overloaded is not judged', 1_500, overloaded, [200, 100, 50]],
  ['there is no load smaller than the least', 400, overloaded, [53, 27]],
])('%s', async (_, perSecond, verdict, expected) => {
  const { result, rates } = await run(perSecond, verdict, verdict, verdict, verdict)
  expect(rates).toEqual(expected)
  expect(result).toMatchObject(verdict)
})

test('what a busy machine breaks with the least load is not judged', async () => {
  const { result, rates } = await run(150, busy)
  expect(rates).toEqual([20])
  expect(result).toMatchObject({ broken: [], unjudged: ['2 failed'] })
})
