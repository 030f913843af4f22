// Whether a fault run holds: each bound broken alone is found, and said in words.
import { describe, expect, test } from 'vitest'
import type { Bounds } from '../../../tools/verify/faults/experiment.ts'
import { describeResult, formatMarkdown } from '../../../tools/verify/faults/report.ts'
import { judge, makeFailure } from '../../../tools/verify/faults/result.ts'

const served = {
  source: 'public' as const,
  requests: 1_000,
  perSecond: 200,
  failed: 0,
  how: {} as Record<string, number>,
  longestGapMs: 5,
  recoveryMs: 0,
  slowestFailureMs: 0,
}
const unauthorized = { attempts: 30, refused: 20, unauthorized: 0 }

function makeExperiment(bounds: Bounds) {
  return {
    ...{ id: 'a-fault', title: 'a fault', attack: '31', replicas: 1, bounds },
    sources: ['public' as const],
    run: async () => undefined,
  }
}

function run(bounds: Bounds, change: Partial<typeof served> = {}, attempts = unauthorized) {
  return judge(makeExperiment(bounds), {
    sources: [{ ...served, ...change }],
    ...attempts,
  })
}

const some = {
  failed: 2,
  how: { '503 signer_unavailable': 2 },
  recoveryMs: 900,
  slowestFailureMs: 50,
}
const recovery = { recoveryMs: 1_000, slowestFailureMs: 100 }

describe('holds', () => {
  test.each([
    ['nothing failed', { failed: 0 }, {}],
    ['no more failed than may', { failed: 2 }, some],
    ['what failed was over in time', recovery, some],
    ['what failed did so as it may', { ...recovery, how: /^503/ }, some],
  ])('%s', (_, bounds, change) => {
    expect(run(bounds, change).broken).toEqual([])
  })
})

describe('does not hold', () => {
  test.each([
    ['one failed', { failed: 0 }, { failed: 1, how: { 'no answer': 1 } }, '1 of 1000 failed'],
    ['one failed, and nothing is said of it', {}, { failed: 1 }, '1 of 1000 failed'],
    ['over too late', recovery, { ...some, recoveryMs: 1_001 }, 'failed for 1001 ms'],
    ['never over', recovery, { ...some, recoveryMs: Infinity }, 'failed for Infinity ms'],
    ['told too late', recovery, { ...some, slowestFailureMs: 101 }, 'a failure took 101 ms'],
    ['failed in another way', { ...recovery, how: /^504/ }, some, 'failed in another way: 503'],
    [
      'a wrong signature, although failures are let by',
      recovery,
      { ...some, how: { 'wrong signature': 1 } },
      'answered with a wrong signature',
    ],
    ['nothing was sent', { failed: 0 }, { requests: 0 }, 'nothing was sent'],
  ])('%s', (_, bounds, change, said) => {
    const { broken } = run(bounds, change)
    expect(broken.join()).toContain(`public: ${said}`)
  })

  test.each([
    [
      'an unauthorized signature',
      { ...unauthorized, unauthorized: 1 },
      '1 unauthorized signatures',
    ],
    ['nobody was refused', { ...unauthorized, refused: 0 }, 'no unauthorized request was refused'],
  ])('%s', (_, attempts, said) => {
    expect(run({ failed: 0 }, {}, attempts).broken).toEqual([said])
  })
})

test('what could not be carried through does not hold, and says why', () => {
  const result = makeFailure(makeExperiment({}), new Error('no node'))
  expect(result.broken).toEqual(['no node'])
  expect(formatMarkdown([result])).toContain('- **a fault:** **Not as promised:** no node.')
})

describe('the table', () => {
  test('has a row for each source of load, and says how requests failed', () => {
    const table = formatMarkdown([run(recovery, some)])
    expect(table).toContain('Public clients send 200 requests a second (lowest measured: 200).')
    expect(table).toContain(
      '| a fault | 31 | 1 | public | 1,000 | 2 | 5 ms | 900 ms | 50 ms | 0/30 |',
    )
    expect(table).toContain('- **a fault:** `503 signer_unavailable` × 2.')
  })

  test('shows what is not as promised', () => {
    const result = run({ failed: 0 }, some)
    expect(formatMarkdown([result])).toContain('**Not as promised:** public: 2 of 1000 failed')
    expect(describeResult(result)).toContain('!! public: 2 of 1000 failed')
  })
})
