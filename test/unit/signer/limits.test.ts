// The limits themselves: how many signatures a key has in a time, and what a refused caller is told.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../../runtime/errors.ts'
import { createLimit, type Rate } from '../../../signer/limits.ts'
import { makeClock, makeRate, NOON } from '../../support/services/limited-signer-app.ts'

const HALF_DAY = 12 * 60 * 60

/** Makes limits of signatures. `ask` returns 0 if it spends, else after how many seconds it may. */
function start(limits: Partial<Rate>) {
  const time = makeClock()
  const refused: [string, number][] = []
  const countRefused = (keyId: string, count: number) => void refused.push([keyId, count])
  const options = { ...time, countRefused }
  const { spend, readToday } = createLimit('signatures', makeRate(limits), options)
  const ask = (count = 1, keyId = 'key-1') => tryTo(() => spend(keyId, count))?.retryAfter ?? 0
  const explain = (count: number) => tryTo(() => spend('key-1', count))?.message
  /** Spends one by one until it is refused, and returns how many that were. */
  const drain = (keyId = 'key-1') => {
    let count = 0
    while (count < 10_000 && ask(1, keyId) === 0) count += 1
    return count
  }
  return { ...time, ask, explain, drain, refused, readToday }
}

function tryTo(spend: () => void): AppError | undefined {
  try {
    spend()
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(AppError)
    expect(error).toMatchObject({ code: 'rate_limited' })
    return error as AppError
  }
}

type Spent = [at: number, count: number]

/** Returns by how much the worst time has more than a burst and its rate. */
function findExcess(
  spent: readonly Spent[],
  { perSecond, burst }: { perSecond: number; burst: number },
) {
  const excesses = spent.flatMap(([began], from) => {
    let sum = 0
    return spent.slice(from).map(([at, count]) => {
      sum += count
      return sum - burst - perSecond * (at - began)
    })
  })
  return Math.max(0, ...excesses)
}

describe('in a second', () => {
  const limits = { perSecond: 200, burst: 300 }

  test('a key signs the burst at once, and then the rate', () => {
    const { drain, pass } = start(limits)
    expect(drain()).toBe(300)
    pass(0.5)
    expect(drain()).toBe(100)
    pass(3_600)
    expect(drain()).toBe(300)
  })

  test('each key has a limit of its own', () => {
    const { drain } = start(limits)
    expect([drain('key-1'), drain('key-2'), drain('key-1')]).toEqual([300, 300, 0])
  })

  test('a batch that does not fit is refused whole, and spends nothing', () => {
    const { ask, drain, refused } = start(limits)
    expect(ask(200)).toBe(0)
    expect([ask(101), ask(1_000)]).toEqual([1, 5])
    expect(refused).toEqual([
      ['key-1', 101],
      ['key-1', 1_000],
    ])
    expect(drain()).toBe(100)
  })

  test('one that never fits is told how many do', () => {
    const { explain } = start(limits)
    expect(explain(301)).toBe('the limit of signatures is reached, send at most 300 at once')
    expect(start({ ...limits, perDay: 20 }).explain(21)).toContain('send at most 20')
    expect(start({ perDay: 20 }).explain(21)).toContain('send at most 20')
  })

  test('over any requests, no time has more than burst and rate, and whoever waits as told is served', () => {
    const step = fc.record({
      seconds: fc.double({ min: 0, max: 3, noNaN: true }),
      count: fc.integer({ min: 1, max: 40 }),
    })
    const rates = fc.record({
      perSecond: fc.integer({ min: 1, max: 50 }),
      burst: fc.integer({ min: 1, max: 100 }),
    })
    fc.assert(
      fc.property(rates, fc.array(step, { size: 'max', maxLength: 40 }), (given, steps) => {
        const { ask, pass, clock } = start(given)
        const spent: Spent[] = []
        for (const { seconds, count } of steps) {
          pass(seconds)
          const wait = ask(count)
          if (wait > 0 && count <= given.burst) {
            pass(wait)
            expect(ask(count)).toBe(0)
          }
          if (wait === 0 || count <= given.burst) spent.push([clock() / 1_000, count])
        }
        expect(findExcess(spent, given)).toBeLessThan(1e-3)
      }),
      { numRuns: 50 },
    )
  })

  test('the time that a caller waits is not longer than it must be', () => {
    const { ask, drain, pass } = start({ perSecond: 2, burst: 20 })
    drain()
    expect(ask(9)).toBe(5)
    pass(4)
    expect(ask(9)).toBe(1)
    pass(0.5)
    expect(ask(9)).toBe(0)
  })
})

describe('on a day', () => {
  test('a key signs so many, until midnight of UTC', () => {
    const { drain, ask, pass, readToday } = start({ perDay: 30 })
    expect(drain()).toBe(30)
    expect(readToday()).toEqual(new Map([['key-1', 30]]))
    expect(ask()).toBe(HALF_DAY)
    pass(HALF_DAY - 0.001)
    expect(ask()).toBe(1)
    pass(0.001)
    expect(readToday()).toEqual(new Map())
    expect(drain()).toBe(30)
    expect(ask()).toBe(2 * HALF_DAY)
  })

  test('each key has a day of its own', () => {
    const { drain, readToday } = start({ perDay: 30 })
    expect([drain('key-1'), drain('key-2'), drain('key-1')]).toEqual([30, 30, 0])
    expect(Object.fromEntries(readToday())).toEqual({ 'key-1': 30, 'key-2': 30 })
  })

  test('a batch over the rest of the day is refused whole, and spends nothing', () => {
    const { ask, drain, readToday } = start({ perDay: 30 })
    expect([ask(20), ask(11)]).toEqual([0, HALF_DAY])
    expect(readToday().get('key-1')).toBe(20)
    expect(drain()).toBe(10)
  })

  test('a clock that is set back gives no second one', () => {
    const { drain, ask, pass, setBack, readToday } = start({ perDay: 30 })
    pass(HALF_DAY)
    expect(drain()).toBe(30)
    setBack(3 * HALF_DAY)
    expect(readToday().get('key-1')).toBe(30)
    // Until the end of the day that it had reached.
    expect(ask()).toBe(5 * HALF_DAY)
    pass(5 * HALF_DAY)
    expect(drain()).toBe(30)
  })

  test('what the other limit refuses counts in neither', () => {
    const both = { perSecond: 10, burst: 40, perDay: 50 }
    const { ask, drain, pass, readToday } = start(both)
    expect([ask(30), ask(11), ask(25)]).toEqual([0, 1, HALF_DAY])
    expect(readToday().get('key-1')).toBe(30)
    expect(drain()).toBe(10)
    pass(100)
    // The bucket has 40 again, and the day 10.
    expect([ask(11), drain()]).toEqual([HALF_DAY - 100, 10])
    pass(HALF_DAY)
    expect(drain()).toBe(40)
  })

  test('the time of the test is noon', () => expect(new Date(NOON).getUTCHours()).toBe(12))
})

test('without a limit, nothing is refused or kept', () => {
  const { ask, readToday, refused } = start({})
  expect(Array.from({ length: 20 }, () => ask(1_000_000))).toEqual(Array(20).fill(0))
  expect([refused, readToday()]).toEqual([[], new Map()])
})
