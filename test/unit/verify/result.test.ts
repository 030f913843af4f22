// Each limit of a fault experiment is found if it alone does not hold, and is described. An overloaded machine is told from a
// fault.
import { describe, expect, test } from 'vitest'
import { type Bounds, ForbiddenError } from '../../../tools/verify/faults/experiment.ts'
import { planLoad } from '../../../tools/verify/faults/plan.ts'
import {
  describeOutcome,
  describeResult,
  formatMarkdown,
} from '../../../tools/verify/faults/report.ts'
import { judge, makeFailure } from '../../../tools/verify/faults/result.ts'

const plan = planLoad({ perSecond: 1_500, limits: '', startMs: 100 })
const carried = { requests: 200, failed: 0, slowMs: 20, lateMs: 6 }
const served = {
  source: 'public' as const,
  requests: 1_000,
  perSecond: 200,
  failed: 0,
  how: {} as Record<string, number>,
  longestGapMs: 5,
  recoveryMs: 0,
  slowestFailureMs: 0,
  before: carried,
  during: carried,
}
const rest = {
  ...{ attempts: 30, refused: 20, unauthorized: 0, notes: [] as string[] },
  use: { idle: 0.5, stolen: 0, waited: 0.3 },
}

function makeExperiment(bounds: Bounds) {
  return {
    ...{ id: 'a-fault', title: 'a fault', attack: '31', replicas: 1, bounds },
    sources: ['public' as const],
    run: async () => undefined,
  }
}

function run(
  bounds: Bounds,
  change: Partial<typeof served> = {},
  more: Partial<typeof rest & { problem: Error }> = {},
) {
  return judge(makeExperiment(bounds), plan, {
    sources: [{ ...served, ...change }],
    ...rest,
    ...more,
  })
}

const some = {
  failed: 2,
  how: { '503 signer_unavailable': 2 } as Record<string, number>,
  recoveryMs: 900,
  slowestFailureMs: 50,
}
const recovery = { recoveryMs: 1_000, slowestFailureMs: 100 }
const slow = { before: { ...carried, slowMs: 400 } }
const late = { during: { ...carried, lateMs: 300 } }

describe('holds', () => {
  test.each([
    ['nothing failed', { failed: 0 }, {}],
    ['no more failures than the limit', { failed: 2 }, some],
    ['recovery in time', recovery, some],
    ['only allowed failures', { ...recovery, how: /^503/ }, some],
    ['nothing failed, although the machine was slow', { failed: 0 }, { ...slow, ...late }],
  ])('%s', (_, bounds, change) => {
    const { broken, unjudged, mayBeOverload } = run(bounds, change)
    expect({ broken, unjudged, mayBeOverload }).toEqual({
      ...{ broken: [], unjudged: [], mayBeOverload: false },
    })
  })
})

const failing: [string, Bounds, Partial<typeof served>, string][] = [
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
  ['no request', { failed: 0 }, { requests: 0 }, 'no request was sent'],
]

describe('does not hold', () => {
  test.each([
    ...failing,
    [
      'a wrong signature, although failures are allowed',
      recovery,
      { ...some, how: { 'wrong signature': 1 } },
      'wrong signatures: ',
    ] as const,
  ])('%s', (_, bounds, change, message) => {
    const { broken, unjudged, mayBeOverload } = run(bounds, change)
    expect(broken.join()).toContain(`public: ${message}`)
    expect({ unjudged, mayBeOverload }).toEqual({ unjudged: [], mayBeOverload: false })
  })

  test.each([
    ['an unauthorized signature', { unauthorized: 1 }, '1 unauthorized signatures'],
    ['no refusal', { refused: 0 }, 'no unauthorized request was refused, of 30'],
    ['no attempt', { attempts: 0, refused: 0 }, 'the attackers sent no request'],
    ['an experiment that could not go on', { problem: new Error('no node') }, 'no node'],
  ])('%s', (_, more, message) => {
    expect(run({ failed: 0 }, {}, more).broken).toEqual([message])
  })
})

describe('on an overloaded machine', () => {
  describe.each([
    ['slow before the fault', slow, 'before the fault, 1 of 100 requests took more than 400 ms'],
    ['late requests', late, 'during the fault, 1 of 100 requests left more than 300 ms late'],
  ])('%s', (_, strain, sign) => {
    test.each(failing)('is not judged: %s', (_name, bounds, change, message) => {
      const { broken, unjudged, mayBeOverload } = run(bounds, { ...change, ...strain })
      expect({ broken, mayBeOverload }).toEqual({ broken: [], mayBeOverload: true })
      expect(unjudged[0]).toContain(`public: ${message}`)
      expect(unjudged).toContain(`public: ${sign}`)
    })

    test('a wrong signature is judged', () => {
      const how = { '503 signer_unavailable': 1, 'unknown key a': 1 }
      const { broken, unjudged } = run(recovery, { ...some, how, ...strain })
      expect(broken.join()).toContain('public: wrong signatures: ')
      expect(unjudged).toEqual([])
    })

    test('an unauthorized signature is judged', () => {
      expect(run({ failed: 0 }, strain, { unauthorized: 1 }).broken).toHaveLength(1)
    })

    test('what the experiment itself was not allowed to get is judged', () => {
      const problem = new ForbiddenError('expected only "no answer", and got 200')
      const { broken, mayBeOverload } = run({ failed: 0 }, strain, { problem })
      expect({ broken, mayBeOverload }).toEqual({ broken: [problem.message], mayBeOverload: false })
    })
  })

  test.each([
    ['failures', { requests: 200, failed: 1 }, '1 of 200 failed before the fault'],
    ['no answer', { requests: 0, failed: 0 }, 'no request was answered before the fault'],
  ])('%s before the fault are not judged, although failures are allowed', (_, change, message) => {
    const { broken, unjudged } = run(recovery, { ...some, before: { ...carried, ...change } })
    expect(broken).toEqual([])
    expect(unjudged).toContain(`public: ${message}`)
  })

  test('without idle processors alone, a failure is judged, but first tried with a smaller load', () => {
    const use = { idle: 0.05, stolen: 0, waited: 1 }
    const { broken, unjudged, mayBeOverload } = run({ failed: 0 }, some, { use })
    expect({ unjudged, mayBeOverload }).toEqual({ unjudged: [], mayBeOverload: true })
    expect(broken).toHaveLength(1)
  })
})

describe('an experiment that threw', () => {
  const throwing = (error: Error, idle: number) =>
    makeFailure(makeExperiment({}), error, { ...rest.use, idle })

  test('does not hold, and shows the error', () => {
    const result = throwing(new Error('no node'), 0.5)
    expect(result).toMatchObject({ broken: ['no node'], unjudged: [] })
    expect(formatMarkdown([result], plan)).toContain('- **a fault:** **Not as promised:** no node.')
  })

  test('is not judged if the processors had no idle time', () => {
    const result = throwing(new Error('TLS handshake timeout'), 0.05)
    expect(result).toMatchObject({ broken: [], unjudged: ['TLS handshake timeout'] })
    expect(describeResult(result)).toContain('The processors were idle for 5 %')
  })

  test('does not hold on any machine if it found what nobody may get', () => {
    const result = throwing(new ForbiddenError('1 signature has no audit line'), 0.05)
    expect(result).toMatchObject({ broken: ['1 signature has no audit line'], unjudged: [] })
  })
})

describe('the report', () => {
  test('has a row for each source of load, and shows how requests failed', () => {
    const table = formatMarkdown([run(recovery, some)], plan)
    expect(table).toContain(
      'Without a fault this machine carries at least 1,500 requests a second. ' +
        'The load is a fifth of that, at most 300: 200 from public clients and 100 from the frontend. ' +
        'Measured: public clients sent 200 a second at least.',
    )
    expect(table).toContain(
      '| a fault | 31 | 1 | public | 1,000 | 2 | 5 ms | 900 ms | 50 ms | 0/30 |',
    )
    expect(table).toContain('- **a fault:** `503 signer_unavailable` × 2.')
  })

  test('shows what is not as promised', () => {
    const result = run({ failed: 0 }, some)
    expect(formatMarkdown([result], plan)).toContain(
      '**Not as promised:** public: 2 of 1000 failed',
    )
    expect(describeResult(result)).toContain('!! public: 2 of 1000 failed')
  })

  test('shows what is not judged, and why', () => {
    const result = run({ failed: 0 }, { ...some, ...late })
    expect(formatMarkdown([result], plan)).toContain('**Not judged:** public: 2 of 1000 failed')
    expect(describeResult(result)).toContain('?? public: 2 of 1000 failed')
    expect(describeResult(result)).toContain(
      'The processors were idle for 50 %, some program waited for one for 30 % of the time, and 99 of 100 requests left at most 300 ms late',
    )
    expect(describeOutcome([result])).toContain(
      'Not judged, because the machine was overloaded: a fault.',
    )
  })
})
