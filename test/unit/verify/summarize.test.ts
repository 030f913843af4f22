// The figures of a load in a fault experiment. Every kind of failure counts.
import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Sample } from '../../../tools/verify/faults/load/schedule.ts'
import {
  checkSignatures,
  summarize,
  summarizeFault,
} from '../../../tools/verify/faults/summarize.ts'

/** Samples every 10 ms from `start`, with `outcomes` in order. */
function makeSamples(outcomes: readonly string[], start = 1_000): Sample[] {
  return outcomes.map((outcome, index) => ({
    outcome,
    at: start + index * 10,
    lateMs: 0,
    ms: index,
  }))
}

describe('summarize', () => {
  test('all served', () => {
    expect(summarize(makeSamples(['signed', 'signed', 'signed']), 1_000)).toEqual({
      requests: 3,
      perSecond: 150,
      failed: 0,
      how: {},
      longestGapMs: 10,
      recoveryMs: 0,
      slowestFailureMs: 0,
    })
  })

  test('two failures in the middle', () => {
    const samples = makeSamples(['signed', '503 a', 'signed', '503 b', '503 a', 'signed'])
    expect(summarize(samples, 1_005)).toMatchObject({
      failed: 3,
      how: { '503 a': 2, '503 b': 1 },
      longestGapMs: 30,
      // The first served request after the last failure was sent at 1,050.
      recoveryMs: 45,
      slowestFailureMs: 4,
    })
  })

  test('without recovery, the time is infinite', () => {
    expect(summarize(makeSamples(['signed', '503 a']), 1_000).recoveryMs).toBe(Infinity)
  })

  test('a recovery before the fault takes no time', () => {
    expect(summarize(makeSamples(['503 a', 'signed']), 5_000).recoveryMs).toBe(0)
  })

  test('a request that was not sent counts as failed, and not in the rate', () => {
    const { failed, perSecond } = summarize(makeSamples(['signed', 'not sent', 'signed']), 1_000)
    expect([failed, perSecond]).toEqual([1, 100])
  })
})

test('what was answered before the fault is kept apart from what the fault can have changed', () => {
  const sample = (at: number, ms: number, outcome = 'signed') => ({ outcome, at, lateMs: 1, ms })
  const samples = [
    sample(900, 1, 'while the loads start'),
    sample(1_000, 10),
    // Slow already, so not because of the fault.
    sample(1_100, 3_000, 'slow before'),
    sample(1_995, 10, 'under way'),
    { ...sample(2_000, 5), lateMs: 40 },
    sample(2_500, 5, '503 a'),
  ]
  const times = { warmSince: 1_000, faultAt: 2_000, since: 2_400 }
  expect(summarizeFault(samples, times)).toMatchObject({
    ...{ requests: 6, failed: 4 },
    before: { requests: 2, failed: 1, slowMs: 3_001 },
    during: { requests: 2, failed: 1, lateMs: 40 },
  })
})

describe('checkSignatures', () => {
  const key = randomBytes(32)
  const keys = new Map([['key-1', key]])
  const signature = createHmac('sha256', key).update('a').digest('hex')
  test.each([
    ['the right one', { message: 'a', signature, keyId: 'key-1' }, 'signed'],
    ['of another message', { message: 'b', signature, keyId: 'key-1' }, 'wrong signature'],
    ['of another key', { message: 'a', signature, keyId: 'key-2' }, 'unknown key key-2'],
  ])('%s', (_, signed, outcome) => {
    const sample = {
      outcome: 'signed',
      at: 0,
      lateMs: 0,
      ms: 0,
      signed: { ...signed, requestId: 'id' },
    }
    expect(checkSignatures([sample], keys).map((each) => each.outcome)).toEqual([outcome])
  })

  test('keeps the outcome of a failure', () => {
    expect(checkSignatures(makeSamples(['503 a']), keys)).toEqual(makeSamples(['503 a']))
  })
})
