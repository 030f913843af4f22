// What the pages say of the repository is so: tests that they name exist and have that title, links lead somewhere.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { listTables, pages, readFile } from '../../support/pages/pages.ts'

/** A file of ours, and the title in it, if one is named. */
const reference = /`([^`\s]+\.ts)`(?: “([^”]+)”)?/g

/** Of a file or a folder, from the root of the repository. */
const path =
  /`((?:analyze|cli|cluster|deploy|docs|frontend|k8s|mesh|reference|runtime|signer|test)\/[\w./-]*)`/g

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

describe.each(['README.md', 'docs/threat-model.md'])('%s', (page) => {
  const rows = listTables(page)
    .flat()
    .filter((row) => 'shown by' in row)
    .map((row) => ({ what: Object.values(row)[0] ?? '', shownBy: row['shown by'] ?? '' }))

  test('has rows that say what shows them', () => expect(rows.length).toBeGreaterThan(5))

  test.each(rows)('$what', ({ shownBy }) => {
    const named = [...shownBy.matchAll(reference)]
    expect(named).not.toEqual([])
    for (const [, file = '', title] of named) {
      expect(existsSync(join(CHECKOUT, file)), file).toBe(true)
      if (title === undefined) continue
      expect(hasTitle(readWithCases(file), title), `${file} has no “${title}”`).toBe(true)
    }
  })
})

/** GitHub's anchors. */
function listAnchors(page: string): string[] {
  return [...readFile(page).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe.each(pages)('%s', (page) => {
  const links = [...readFile(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(
    ([, target = '']) => target,
  )
  const named = [...readFile(page).matchAll(path)].map(([, name = '']) => name)
  test('names files and folders that are there', () => {
    expect(named.filter((name) => !existsSync(join(CHECKOUT, name)))).toEqual([])
  })

  test('has links that lead somewhere', () => {
    for (const link of links) {
      const [path = '', anchor] = link.split('#')
      const file = path === '' ? page : join(dirname(page), path)
      expect(existsSync(join(CHECKOUT, file)), link).toBe(true)
      if (anchor !== undefined) expect(listAnchors(file), link).toContain(anchor)
    }
  })
})
