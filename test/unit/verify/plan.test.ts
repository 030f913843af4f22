// The load of the fault experiments is a share of what the machine carries, and the limits fit that load.
import { describe, expect, test } from 'vitest'
import type { Sample } from '../../../tools/verify/faults/load/schedule.ts'
import { isCarried, measureStrain } from '../../../tools/verify/faults/load/strain.ts'
import {
  describePlan,
  halve,
  planLoad,
  rateOf,
  scaleBounds,
} from '../../../tools/verify/faults/plan.ts'

const carry = (perSecond: number, startMs = 200) =>
  planLoad({ perSecond, limits: 'public: 1 failed', startMs })

describe('the load', () => {
  test.each([
    [1_500, 200, 100],
    [9_000, 200, 100],
    [600, 80, 40],
    [150, 20, 10],
  ])('of a machine that carries %d requests a second', (perSecond, fromClients, fromFrontend) => {
    const plan = carry(perSecond)
    expect([rateOf('public', plan), rateOf('frontend', plan)]).toEqual([fromClients, fromFrontend])
  })

  test.each([0, 100, 149])('is none at %d, and the error says what is needed', (perSecond) => {
    expect(() => carry(perSecond)).toThrow(
      `this machine is too slow to judge a fault: it carries ${perSecond || 'fewer than 150'} requests a second without one, and needs 150. Seen: public: 1 failed`,
    )
  })

  test('is half after a repetition, until it is too small', () => {
    const half = halve(carry(400))
    expect(half && rateOf('public', half)).toBe(27)
    expect(half && halve(half)).toBeUndefined()
  })
})

describe('the limits', () => {
  const bounds = { failed: 20, recoveryMs: 5_000, slowestFailureMs: 1_000, how: /^503/ }
  test.each([
    ['stay on a usual machine', carry(1_500, 500), bounds],
    ['allow fewer failures with a smaller load', carry(900), { ...bounds, failed: 12 }],
    ['allow as many as Envoy needs', carry(150), { ...bounds, failed: 10 }],
    [
      'give slow programs more time',
      carry(1_500, 1_000),
      { ...bounds, recoveryMs: 10_000, slowestFailureMs: 2_000 },
    ],
  ])('%s', (_, plan, expected) => {
    expect(scaleBounds(bounds, plan)).toEqual(expected)
  })

  test('allow no failure if none is allowed, and no time if none is limited', () => {
    expect(scaleBounds({ failed: 0 }, carry(600, 5_000))).toEqual({ failed: 0 })
  })
})

test('the report states both: what the machine carries, and its share', () => {
  expect(describePlan(carry(600, 1_500))).toBe(
    'Without a fault this machine carries 600 requests a second. ' +
      'The load is a fifth of that, at most 300: 80 from public clients and 40 from the frontend. ' +
      'Limits of time are 3.0 times as long, as programs start that slowly.',
  )
})

describe('a load is carried', () => {
  const make = (count: number, change: Partial<Sample> = {}): Sample[] =>
    Array.from({ length: count }, () => ({ outcome: 'signed', at: 0, lateMs: 2, ms: 5, ...change }))
  test.each([
    ['if all are served soon', make(200), true],
    ['if one of 200 is slow', [...make(199), ...make(1, { ms: 300 })], true],
    ['not if two of 200 are slow', [...make(198), ...make(2, { ms: 300 })], false],
    ['not if they left late', [...make(198), ...make(2, { lateMs: 300 })], false],
    ['not if one fails', [...make(199), ...make(1, { outcome: 'no answer' })], false],
    ['not without a request', [], false],
  ])('%s', (_, samples, expected) => {
    expect(isCarried(measureStrain(samples))).toBe(expected)
  })
})
