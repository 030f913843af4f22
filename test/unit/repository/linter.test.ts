// The linter knows types, across files too: what it must find in a sample it finds, by this project's own settings.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { makeFolder } from '../../support/folder.ts'

const report = z.object({
  diagnostics: z.array(z.object({ category: z.string(), severity: z.string() })),
})

/** What a promise is forgotten of is in another file: only who knows its type can tell. */
const other = `export async function ask(): Promise<string> {
  return 'a'
}
export type Kind = 'a' | 'b'
`
const mistakes = {
  noFloatingPromises: 'export function a(): void {\n  ask()\n}',
  noMisusedPromises: "export function b(): string {\n  return ask() ? 'a' : 'b'\n}",
  useExhaustiveSwitchCases:
    "export function c(kind: Kind): void {\n  switch (kind) {\n    case 'a':\n      throw new Error()\n  }\n}",
}
/** The same, right. */
const right =
  'export async function d(): Promise<void> {\n  await ask()\n}\nexport const e = (): void => void ask()'

/** Lints a file with this text, which sees the other file; returns the rules that it breaks, as errors. */
async function lint(text: string): Promise<string[]> {
  const folder = await makeFolder()
  const settings = JSON.parse(await readFile(join(CHECKOUT, 'biome.json'), 'utf8'))
  delete settings.$schema
  await writeFile(join(folder, 'biome.json'), JSON.stringify(settings))
  await writeFile(join(folder, 'other.ts'), other)
  const imports = "import { ask, type Kind } from './other.ts'\n\nexport type Used = Kind\n"
  await writeFile(join(folder, 'sample.ts'), `${imports}${text}\n`)
  const args = ['lint', '--reporter=json', 'sample.ts']
  const { stdout } = await tryRun(join(CHECKOUT, 'node_modules/.bin/biome'), args, { cwd: folder })
  return report
    .parse(JSON.parse(stdout))
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ category }) => category.replace(/.*\//, ''))
}

test.each(Object.entries(mistakes))('%s is an error', async (rule, text) => {
  expect(await lint(text)).toEqual([rule])
})

test('what is right is none', async () => expect(await lint(right)).toEqual([]))

test('.editorconfig has editors write what Biome writes', async () => {
  const { formatter } = JSON.parse(await readFile(join(CHECKOUT, 'biome.json'), 'utf8'))
  const editor = await readFile(join(CHECKOUT, '.editorconfig'), 'utf8')
  expect(editor).toContain(`\nindent_style = ${formatter.indentStyle}\n`)
  expect(editor).toContain(`\nindent_size = ${formatter.indentWidth}\n`)
  expect(editor).toContain(`\nmax_line_length = ${formatter.lineWidth}\n`)
})
