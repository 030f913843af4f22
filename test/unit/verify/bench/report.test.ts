// The tables of `make bench`: ratios, the parts of a lone request, and rows that were not measured.
import { describe, expect, test } from 'vitest'
import { breakDown } from '../../../../tools/verify/bench/breakdown.ts'
import {
  compare,
  describeOutcome,
  listFailures,
  listMissing,
} from '../../../../tools/verify/bench/report.ts'
import { formatMarkdown, formatSection } from '../../../../tools/verify/bench/tables.ts'
import { complete, makeLoad, makeReport, makeRow } from './figures.ts'

test('a ratio is of the same number of connections, and there is none without a measurement', () => {
  expect(compare(complete, { ours: 'gateway', base: 'unsigned' })).toEqual([0.5, 0.75, 0.8])
  expect(compare(complete, { ours: 'pod', base: 'flask' })).toEqual([4, 20, 22])
  expect(compare(complete, { ours: 'vault', base: 'naive' })).toBeUndefined()
})

test('the outcome gives each ratio', () => {
  const outcome = describeOutcome(complete)
  for (const each of [
    ...['0.50, 0.75 and 0.80', '0.25, 0.50 and 0.55', '4.00, 20 and 22'],
    ...['1.00, 0.95 and 0.95 of the rate with a raw key', '1.00, 0.95 and 1.00 of the rate with'],
  ]) {
    expect(outcome).toContain(each)
  }
})

test('a batch counts as its signatures', () => {
  expect(formatMarkdown(complete)).toMatch(/^\| the signer-batch \| 400000 \|.*\| 20 \|$/m)
})

test('memory has a fraction, because the limit for many consumers is 2 MiB', () => {
  expect(formatMarkdown(complete)).toContain('| signer over its socket | 124 | 60.0 | 71.2 |')
})

test('rows that were not measured are left out, and so are their ratios and the lone request', () => {
  const report = makeReport([makeRow('pair', [1, 2, 3]), makeRow('naive', [1, 2])])
  const text = formatMarkdown(report)
  expect(text).toContain('| the pair | 1000.00 |')
  expect(text).not.toMatch(/Flask|gateway|NaN|undefined|Vault/)
  expect(describeOutcome(makeReport([]))).not.toContain('NaN')
})

test('every table has as many cells in each line as in its head', () => {
  const blocks = `${formatMarkdown(complete)}\n${formatSection(complete)}`.split('\n\n')
  const tables = blocks.filter((each) => each.startsWith('|'))
  expect(tables.length).toBe(9)
  for (const table of tables) {
    const widths = table
      .trim()
      .split('\n')
      .map((line) => line.split('|').length)
    expect(new Set(widths).size).toBe(1)
  }
})

test('the page has the outcome, the picture, the parts of a lone request and the memory', () => {
  const text = formatSection(complete)
  expect(text).toContain(
    '**The rate of `POST /process` at 1, 32 and 128 connections. Through the gateway: 0.50,',
  )
  expect(text).toContain('](benchmark.svg)')
  expect(text).toContain('- the pod: frontend 60 µs, signer 20 µs, proxy 40 µs')
  expect(text).toMatch(/^\| token check \| 0\.10 \|$/m)
  expect(text).toContain('signer in its Pod 70 MiB. Ready after: signer over its socket 124 ms.')
  expect(text).not.toMatch(/NaN|undefined/)
})

test('comparisons without figures are named', () => {
  const withoutFlask = complete.rows.filter(({ id }) => id !== 'flask')
  expect(listMissing(makeReport(withoutFlask))).toEqual(['in its Pod, of the Flask pair'])
  expect(listMissing(complete)).toEqual([])
})

test('failed requests are named', () => {
  const row = { ...makeRow('gateway', [1]), loads: new Map([[128, makeLoad(1, 14)]]) }
  expect(listFailures(makeReport([row]))).toEqual([
    '14 requests failed at 128 connections: the gateway',
  ])
  expect(listFailures(complete)).toEqual([])
})

describe('the parts of a lone request', () => {
  const times = {
    ...{ gateway: 2.5, unsigned: 1.4, pod: 1.1, 'sign-in-pod': 0.7, signer: 0.2 },
    ...{ probe: 0.4, 'probe-with-token': 0.45, 'unsigned-in-pod': 0.25 },
  }

  test('together are the whole', () => {
    const [whole, , ...parts] = breakDown(times, 0.002) ?? []
    expect(parts.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(whole?.ms ?? 0)
    expect(parts.length).toBe(7)
  })

  test('are left out if one was not measured', () => {
    expect(breakDown({ ...times, probe: undefined }, 0.002)).toBeUndefined()
  })
})
