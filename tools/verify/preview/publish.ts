// Writes the report, and sets the exit status.
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { CHECKOUT } from '../../cli/checkout.ts'
import { readVariable } from '../../cli/make-variables.ts'
import { say } from '../../cli/terminal.ts'
import { formatMarkdown, formatText, judge, type Report } from './report.ts'

const codes = { 'nothing opens': 0, opens: 1, refused: 3 } as const
const nothing = { changed: [], requests: [], admission: [], rewrites: [], notes: [], refused: [] }

/** `start`: a value of performance.now(). */
export async function publish(
  found: Partial<Omit<Report, 'verdict' | 'seconds'>>,
  start: number,
): Promise<void> {
  const measured = { ...nothing, ...found, seconds: (performance.now() - start) / 1_000 }
  const report: Report = { ...measured, verdict: judge(measured) }
  const folder = resolve(readVariable('OUT') ?? join(CHECKOUT, '.deploy/preview'))
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'preview.json'), `${JSON.stringify(report, undefined, 2)}\n`)
  await writeFile(join(folder, 'preview.md'), formatMarkdown(report))
  process.stdout.write(formatText(report))
  say(`Wrote ${relative(process.cwd(), folder)}/preview.json and preview.md`)
  process.exitCode = codes[report.verdict]
}
