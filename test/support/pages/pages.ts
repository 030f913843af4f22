// README and the pages of docs/, client/ and examples/, and their tables.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'

export const pages = [
  'README.md',
  'client/README.md',
  'examples/gitops/README.md',
  'tools/release/manifests/README.md',
  ...readdirSync(join(CHECKOUT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].sort()

export function readFile(file: string): string {
  return readFileSync(join(CHECKOUT, file), 'utf8')
}

/** Returns the tables of a page. Each row has its cells by column title. */
export function listTables(page: string): Record<string, string>[][] {
  return parseTables(readFile(page))
}

export function parseTables(markdown: string): Record<string, string>[][] {
  const split = (line: string) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim())
  return [...markdown.matchAll(/^\|.*\|\n\|[-:|]+\|\n((?:\|.*\|\n)*)/gm)].map(([table]) => {
    const [head = '', , ...rows] = table.trimEnd().split('\n')
    const titles = split(head)
    return rows.map((row) => Object.fromEntries(split(row).map((cell, at) => [titles[at], cell])))
  })
}
