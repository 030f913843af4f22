// `make faults` and `make bench` replace their sections of docs/measurements.md, and nothing else.
import { expect, test } from 'vitest'
import { readSection, replaceSection } from '../../../tools/verify/docs-section.ts'
import { describeOutcome } from '../../../tools/verify/faults/report.ts'
import { readFile } from '../../support/pages/pages.ts'

const page = readFile('docs/measurements.md')

test('a section is replaced, and the rest of the page stays', () => {
  for (const name of ['faults', 'benchmark'] as const) {
    const replaced = replaceSection(page, name, '$& new')
    expect(readSection(replaced, name)).toBe('$& new')
    expect(replaceSection(replaced, name, readSection(page, name))).toBe(page)
  }
})

test('a section needs both of its comments', () => {
  const without = page.replace('<!-- faults:end -->', '')
  expect(() => replaceSection(without, 'faults', '')).toThrow('lacks <!-- faults:begin -->')
})

test('a fault without a measurement is not lossless, and one that is not as promised is named', () => {
  const counts = { unauthorized: 0, attempts: 0, refused: 0, notes: [] }
  const nothing = { id: 'a', title: 'a fault', attack: '', replicas: 1, sources: [], ...counts }
  const verdict = { broken: ['3 of 9 failed'], unjudged: [], mayBeOverload: false }
  const outcome = describeOutcome([{ ...nothing, ...verdict }])
  expect(outcome).toContain('0 of 1 faults lost no request.')
  expect(outcome).toContain('Not as promised: a fault.')
})
