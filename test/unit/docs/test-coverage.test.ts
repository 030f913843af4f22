// Each promise and each attack names a test that exists, by its file and its title.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { attacks, promises, splitEvidence } from '../../../tools/reference/test-coverage.ts'
import { readFile } from '../../support/pages/pages.ts'

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

const items = [
  ...Object.values(promises).flat(),
  ...Object.values(attacks)
    .flat()
    .map((each) => ({ ...each, promise: `${each.attacker} ${each.attempt}` })),
]

test.each(items)('$promise', ({ shownBy }) => {
  for (const { file, title } of shownBy.map(splitEvidence)) {
    expect(existsSync(join(CHECKOUT, file)), file).toBe(true)
    if (title === undefined) continue
    expect(hasTitle(readWithCases(file), title), `${file} has no “${title}”`).toBe(true)
  }
})

// The comments of tests and experiments use their numbers.
test('there are 47 attacks', () => expect(Object.values(attacks).flat()).toHaveLength(47))
