// The pages of what was measured begin with their result, and it is what their own tables say.
import { describe, expect, test } from 'vitest'
import { describeOutcome as describeBench } from '../../../tools/verify/bench/report.ts'
import {
  describeOutcome as describeFaults,
  formatPage,
} from '../../../tools/verify/faults/report.ts'
import type { Result } from '../../../tools/verify/faults/result.ts'
import { listTables, readFile } from '../../support/pages/pages.ts'

/** "1.9 s", "79 ms" or "–", in milliseconds. */
function readMs(text: string): number {
  const [, value = '0', unit] = /^([\d.]+) (m?s)$/.exec(text) ?? []
  return Number(value) * (unit === 's' ? 1_000 : 1)
}

const readCount = (text: string) => Number(text.replaceAll(/[*,]/g, ''))

/** As the table has it; what it does not have is nothing. */
function readFaults(): Result[] {
  const results: Result[] = []
  for (const row of listTables('docs/faults.md')[0] ?? []) {
    const right = /^(\d+) of ([\d,]+)$/.exec(row['without right'] ?? '')
    if (right !== null) {
      const counts = {
        unauthorised: Number(right[1]),
        knocks: readCount(right[2] ?? ''),
        refused: 0,
      }
      const nothing = { id: '', attack: '', replicas: 1, broken: [], sources: [] }
      results.push({ ...nothing, title: row.fault ?? '', ...counts })
    }
    results.at(-1)?.sources.push({
      ...{ source: 'world', requests: 0, perSecond: 0, how: {}, longestGapMs: 0 },
      ...{ slowestFailureMs: 0, failed: readCount(row.failed ?? '') },
      recoveryMs: readMs(row['over after'] ?? ''),
    })
  }
  return results
}

describe('docs/faults.md', () => {
  const results = readFaults()

  test('begins with what its table says', () => {
    expect(results.length).toBeGreaterThan(10)
    const [, , line] = readFile('docs/faults.md').split('\n')
    expect(line).toBe(`**${describeFaults(results)}**`)
  })

  test('is written like that, and names what is not as promised', () => {
    const [first, ...others] = results
    if (first === undefined) throw new Error('no fault')
    const page = formatPage([{ ...first, broken: ['3 of 9 failed'] }, ...others])
    const [, , line = ''] = page.split('\n')
    expect(line).toContain(`Of ${results.length} faults `)
    expect(line).toContain(`Not as promised: ${first.title}.`)
  })

  test('what could not be carried through has not lost nothing', () => {
    const none = results.map((each) => ({ ...each, sources: [] }))
    expect(describeFaults(none)).toContain(' faults 0 lost no request.')
  })
})

test('docs/benchmark.md begins with what its table says', () => {
  const [table = []] = listTables('docs/benchmark.md')
  const rows = table.map((row) => {
    const name = row[''] ?? ''
    const perSecond = Number(row['signatures/s'])
    return { name, perSecond, isOurs: name.startsWith('`/') }
  })
  expect(rows.length).toBeGreaterThan(5)
  const [, , line] = readFile('docs/benchmark.md').split('\n')
  expect(line).toBe(`**${describeBench({ rows, memory: [], conditions: '' })}**`)
})
