// Each promise and each attack names a test that exists, by its file and its title.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import {
  attackGroups,
  promises,
  renderTestCoverage,
} from '../../../tools/reference/test-coverage.ts'
import { readFile } from '../../support/pages/pages.ts'

const attacks = attackGroups.flatMap((group) => group.attacks)

/** A test's source, and of the cases that it has from its own folder. */
function readWithCases(file: string): string {
  const imported = readFile(file).matchAll(/from '(\.\/[^']+\.ts)'/g)
  const cases = [...imported].map(([, name = '']) => readFile(join(dirname(file), name)))
  return [readFile(file), ...cases].join('\n').replaceAll("\\'", "'")
}

/** Each title in a source is between quotes of one kind. */
function hasTitle(source: string, title: string): boolean {
  return ["'", '"', '`'].some((quote) => source.includes(`${quote}${title}${quote}`))
}

describe.each(Object.entries(promises))('promises: %s', (_, items) => {
  test.each(items)('$promise', ({ shownBy }) => {
    expect(shownBy).not.toEqual([])
    for (const [file, title] of shownBy) {
      expect(existsSync(join(CHECKOUT, file)), file).toBe(true)
      if (title === undefined) continue
      expect(hasTitle(readWithCases(file), title), `${file} has no “${title}”`).toBe(true)
    }
  })
})

describe('attacks', () => {
  test('are numbered without a gap', () => {
    const numbers = [...renderTestCoverage().matchAll(/\*\*Attack (\d+)\.\*\*/g)]
    expect(numbers.map(([, number]) => Number(number))).toEqual(attacks.map((_, at) => at + 1))
    expect(attacks).toHaveLength(40)
  })

  test.each(attacks)('$attacker $attempt', ({ shownBy }) => {
    expect(shownBy).not.toEqual([])
    for (const file of shownBy) expect(existsSync(join(CHECKOUT, file)), file).toBe(true)
  })
})
