// docs/measurements.md: each program that measures replaces its own section, which stands between two comments.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../cli/checkout.ts'

const file = join(CHECKOUT, 'docs/measurements.md')

export type Section = 'faults' | 'benchmark'

/** Writes a section of the page. Throws if the page has no comments for it. */
export async function writeSection(section: Section, text: string): Promise<void> {
  await writeFile(file, replaceSection(await readFile(file, 'utf8'), section, text))
}

/** Returns `page` with `text` as its section. */
export function replaceSection(page: string, section: Section, text: string): string {
  const { before, after } = splitPage(page, section)
  return `${before}\n\n${text.trim()}\n\n${after}`
}

/** Returns what is between the section's comments. */
export function readSection(page: string, section: Section): string {
  const { before, after } = splitPage(page, section)
  return page.slice(before.length, page.length - after.length).trim()
}

/** What comes before the section, with its first comment, and what comes after, with its last one. */
function splitPage(page: string, section: Section): { before: string; after: string } {
  const [begin, end] = [`<!-- ${section}:begin -->`, `<!-- ${section}:end -->`]
  const [start, stop] = [page.indexOf(begin), page.indexOf(end)]
  if (start < 0 || stop < start) throw new Error(`docs/measurements.md lacks ${begin} or ${end}`)
  return { before: page.slice(0, start + begin.length), after: page.slice(stop) }
}
