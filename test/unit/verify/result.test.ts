// Each limit of a fault experiment is found if it alone does not hold, and is described.
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
    ['no more failures than the limit', { failed: 2 }, some],
    ['recovery in time', recovery, some],
    ['only allowed failures', { ...recovery, how: /^503/ }, some],
  ])('%s', (_, bounds, change) => {
    expect(run(bounds, change).broken).toEqual([])
  })
})

describe('does not hold', () => {
  test.each([
    ['a failure', { failed: 0 }, { failed: 1, how: { 'no answer': 1 } }, '1 of 1000 failed'],
    ['a failure, without a limit', {}, { failed: 1 }, '1 of 1000 failed'],
    ['recovery too late', recovery, { ...some, recoveryMs: 1_001 }, 'requests failed for 1001 ms'],
    ['no recovery', recovery, { ...some, recoveryMs: Infinity }, 'requests failed for Infinity ms'],
    [
      'an answer too late',
      recovery,
      { ...some, slowestFailureMs: 101 },
      'a failed request took 101 ms',
    ],
    ['an unexpected failure', { ...recovery, how: /^504/ }, some, 'unexpected failures: 503'],
    [
      'a wrong signature, although failures are allowed',
      recovery,
      { ...some, how: { 'wrong signature': 1 } },
      'wrong signatures: ',
    ],
    ['no request', { failed: 0 }, { requests: 0 }, 'no request was sent'],
  ])('%s', (_, bounds, change, message) => {
    const { broken } = run(bounds, change)
    expect(broken.join()).toContain(`public: ${message}`)
  })

  test.each([
    [
      'an unauthorized signature',
      { ...unauthorized, unauthorized: 1 },
      '1 unauthorized signatures',
    ],
    ['no refusal', { ...unauthorized, refused: 0 }, 'no unauthorized request was refused'],
  ])('%s', (_, attempts, message) => {
    expect(run({ failed: 0 }, {}, attempts).broken).toEqual([message])
  })
})

test('an experiment that threw does not hold, and shows the error', () => {
  const result = makeFailure(makeExperiment({}), new Error('no node'))
  expect(result.broken).toEqual(['no node'])
  expect(formatMarkdown([result])).toContain('- **a fault:** **Not as promised:** no node.')
})

describe('the table', () => {
  test('has a row for each source of load, and shows how requests failed', () => {
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
