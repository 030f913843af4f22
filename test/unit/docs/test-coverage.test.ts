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

/** Reads a test and the files that it imports from its own folder. */
function readWithCases(file: string): string {
  const imported = readFile(file).matchAll(/from '(\.\/[^']+\.ts)'/g)
  const cases = [...imported].map(([, name = '']) => readFile(join(dirname(file), name)))
  return [readFile(file), ...cases].join('\n').replaceAll("\\'", "'")
}

/** Finds a title between quotes of one kind. */
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
  test('have numbers without a gap', () => {
    const numbers = [...renderTestCoverage().matchAll(/\*\*Attack (\d+)\.\*\*/g)]
    expect(numbers.map(([, number]) => Number(number))).toEqual(attacks.map((_, at) => at + 1))
    expect(attacks).toHaveLength(40)
  })

  test.each(attacks)('$attacker $attempt', ({ shownBy }) => {
    expect(shownBy).not.toEqual([])
    for (const file of shownBy) expect(existsSync(join(CHECKOUT, file)), file).toBe(true)
  })
})
