// Each section of docs/measurements.md begins with its result, and its own tables say the same.
import { describe, expect, test } from 'vitest'
import { describeOutcome as describeBench } from '../../../tools/verify/bench/report.ts'
import { readSection, replaceSection } from '../../../tools/verify/docs-section.ts'
import {
  describeOutcome as describeFaults,
  formatSection,
} from '../../../tools/verify/faults/report.ts'
import type { Result } from '../../../tools/verify/faults/result.ts'
import { parseTables, readFile } from '../../support/pages/pages.ts'

const page = readFile('docs/measurements.md')
const [faults, benchmark] = [readSection(page, 'faults'), readSection(page, 'benchmark')]

/** "1.9 s", "79 ms" or "–", in milliseconds. */
function readMs(text: string): number {
  const [, value = '0', unit] = /^([\d.]+) (m?s)$/.exec(text) ?? []
  return Number(value) * (unit === 's' ? 1_000 : 1)
}

const readCount = (text: string) => Number(text.replaceAll(',', ''))

/** As the tables have it. What they do not have is 0. */
function readFaults(): Result[] {
  const results: Result[] = []
  for (const row of parseTables(faults).flat()) {
    const title = row['fault, without a failed request'] ?? row['fault, with failed requests'] ?? ''
    if (title !== '') {
      const [signed = '', attempts = ''] = (row.attempts ?? '').split('/')
      const counts = { unauthorized: Number(signed), attempts: readCount(attempts), refused: 0 }
      results.push({ id: '', title, attack: '', replicas: 1, broken: [], sources: [], ...counts })
    }
    results.at(-1)?.sources.push({
      ...{ source: 'public', requests: 0, perSecond: 0, how: {}, longestGapMs: 0 },
      ...{ slowestFailureMs: 0, failed: readCount(row.failed ?? '0') },
      recoveryMs: readMs(row.recovery ?? ''),
    })
  }
  return results
}

describe('faults', () => {
  const results = readFaults()

  test('begin with what their tables say', () => {
    expect(results.length).toBeGreaterThan(10)
    expect(faults.split('\n')[0]).toBe(`**${describeFaults(results)}**`)
  })

  test('are written like that, and what is not as promised is named', () => {
    const [first, ...others] = results
    if (first === undefined) throw new Error('no fault')
    const section = formatSection([{ ...first, broken: ['3 of 9 failed'] }, ...others])
    const [line = ''] = section.split('\n')
    expect(line).toContain(` of ${results.length} faults lost no request.`)
    expect(line).toContain(`Not as promised: ${first.title}.`)
  })

  test('without a measurement do not count as lossless', () => {
    const none = results.map((each) => ({ ...each, sources: [] }))
    expect(describeFaults(none)).toContain(`0 of ${results.length} faults lost no request.`)
  })
})

test('the benchmark begins with what its table says', () => {
  const [table = []] = parseTables(benchmark)
  const rows = table.map((row) => {
    const name = row[''] ?? ''
    const perSecond = Number(row['signatures/s'])
    return { name, perSecond, isOurs: name.startsWith('`/') }
  })
  expect(rows.length).toBeGreaterThan(5)
  const outcome = describeBench({ rows, memory: [], conditions: '' })
  expect(benchmark.split('\n')[0]).toBe(`**${outcome}**`)
})

describe('a section', () => {
  test('is replaced, and the rest of the page stays', () => {
    expect(replaceSection(page, 'faults', faults)).toBe(page)
    const replaced = replaceSection(page, 'benchmark', '$& new')
    expect(readSection(replaced, 'benchmark')).toBe('$& new')
    expect(replaceSection(replaced, 'benchmark', benchmark)).toBe(page)
  })

  test('needs both of its comments', () => {
    const without = page.replace('<!-- faults:end -->', '')
    expect(() => replaceSection(without, 'faults', '')).toThrow('lacks <!-- faults:begin -->')
  })
})
