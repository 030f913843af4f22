// The class of each cell that differs, and the report for a pull request.
import { describe, expect, test } from 'vitest'
import type { Cell } from '../../../../tools/verify/matrix/report.ts'
import { classify, compareMeasured } from '../../../../tools/verify/preview/compare.ts'
import { formatMarkdown, formatText, judge } from '../../../../tools/verify/preview/report.ts'
import type { Measured } from '../../../../tools/verify/scratch/measured.ts'

function cell(seen: Cell['seen'], answer = '', declared: Cell['declared'] = 'policy'): Cell {
  return { caller: 'public', request: 'sign', declared, seen, answer, by: [] }
}

function measured(cells: readonly Cell[], unauthorizedSignatures = 0): Measured {
  return {
    callers: [{ id: 'public', name: 'a public client', shows: '' }],
    requests: [{ id: 'sign', method: 'POST', path: '/sign', of: 'signer' }],
    ...{ cells, notes: [], unauthorizedSignatures },
  }
}

describe('classifies', () => {
  const cases: [string, Cell, Cell, string | undefined][] = [
    ['the same', cell('policy'), cell('policy', 'other words'), undefined],
    ['a refused request that works', cell('policy'), cell('served', '200'), 'opens'],
    ['a refused request that the service answers', cell('route'), cell('other', '404 no'), 'opens'],
    ['a control fewer', cell('mtls', 'closed', 'mtls'), cell('policy', '403', 'mtls'), 'weakens'],
    ['the last control alone', cell('policy'), cell('pairing'), 'weakens'],
    ['another method of a declared route', cell('route'), cell('policy'), 'declared'],
    ['a control more', cell('pairing'), cell('policy'), 'tightens'],
    ['an error of the proxy', cell('policy'), cell('other', '503 upstream'), 'unclear'],
    ['a request without an answer', cell('policy'), cell('other', 'timeout'), 'unclear'],
    [
      'a declared route',
      cell('route', '404', 'served'),
      cell('served', '200', 'served'),
      'declared',
    ],
    [
      'a served request that is refused',
      cell('served', '', 'served'),
      cell('policy', '', 'served'),
      'breaks',
    ],
    ['a served request that was not declared', cell('served'), cell('policy'), 'tightens'],
  ]
  for (const [name, before, after, found] of cases) {
    test(name, () => expect(classify(before, after)).toBe(found))
  }
})

describe('compares', () => {
  test('names caller, request and both answers', () => {
    const before = measured([cell('route', '404')])
    expect(compareMeasured(before, measured([cell('served', '200')]))).toEqual([
      {
        class: 'opens',
        what: 'a public client → POST /sign of the signer',
        before: 'refused by route (404)',
        after: 'served (200)',
      },
    ])
  })

  test('a cell that is gone is unclear', () => {
    expect(compareMeasured(measured([cell('route')]), measured([]))).toMatchObject([
      { class: 'unclear', after: 'not measured' },
    ])
  })

  test('a signature for an unauthorized request opens', () => {
    expect(compareMeasured(measured([]), measured([], 2))).toMatchObject([
      { class: 'opens', after: '2 more' },
    ])
  })
})

describe('reports', () => {
  const nothing = {
    ...{ seconds: 61, changed: [], requests: [], admission: [], rewrites: [] },
    ...{ notes: [], refused: [] },
  }
  const admission = {
    name: 'x',
    before: 'refused by a',
    after: 'accepted',
    class: 'opens',
  } as const

  test.each([
    [{}, 'nothing opens'],
    [{ refused: ['x'] }, 'refused'],
    [{ admission: [admission] }, 'opens'],
    [{ requests: [{ class: 'weakens', what: '', before: '', after: '' } as const] }, 'opens'],
    [
      { requests: [{ class: 'breaks', what: '', before: '', after: '' } as const] },
      'nothing opens',
    ],
    [
      { requests: [{ class: 'declared', what: '', before: '', after: '' } as const] },
      'nothing opens',
    ],
  ])('the verdict about %j', (found, verdict) => {
    expect(judge({ ...nothing, ...found })).toBe(verdict)
  })

  test('text of a pull request stays text', () => {
    const report = {
      ...{ ...nothing, verdict: 'refused' as const },
      refused: ['a.yaml:1: ````\n# heading @team \u001b[31m</details>'],
    }
    const text = formatMarkdown(report)
    expect(text).toContain('`````\na.yaml:1: ````?# heading @team </details>\n`````')
    expect(formatText(report)).not.toContain('\u001b')
  })

  test('each rewrite once, with its places', () => {
    const rewrite = { resource: 'A/x', from: 'one', to: 'two' }
    const report = {
      ...{ ...nothing, verdict: 'nothing opens' as const },
      rewrites: [
        { ...rewrite, path: 'a' },
        { ...rewrite, path: 'b' },
        { ...rewrite, path: 'c', from: 'stays', to: undefined },
      ],
    }
    expect(formatText(report)).toContain('one → two in A/x a, A/x b')
    expect(formatText(report)).toContain('Identities that were not rewritten:\n  stays in A/x c')
  })
})
