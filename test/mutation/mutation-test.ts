// make mutation-test: changes all that we ship, one thing at a time, and finds out by runs what each change really does. Exit
// status 1 if one opens or weakens something and no rule of `make analyze` notices it.
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CHECKOUT, showPath } from '../../tools/cli/checkout.ts'
import { readVariable } from '../../tools/cli/make-variables.ts'
import { runMain, say, step, UserError } from '../../tools/cli/terminal.ts'
import { renderChanges, shipments } from '../support/mutations/renderings.ts'
import { type Made, makeChanges } from './made.ts'
import {
  formatExamples,
  formatTable,
  listHoles,
  listUnexplained,
  listUnusedReasons,
  type Result,
} from './report.ts'
import { runJudges } from './run-judges.ts'
import { VerdictLog } from './verdict-log.ts'

const SEED = 26

await runMain(async () => {
  const overlays = readOnly()
  const seed = readNumber('SEED') ?? SEED
  const size = readNumber('SAMPLE')
  const folder = resolve(readVariable('OUT') ?? join(CHECKOUT, '.deploy/mutation'))
  await mkdir(folder, { recursive: true })
  const log = await VerdictLog.open(join(folder, 'verdicts.jsonl'))
  const stop = stopOnInterrupt()

  const total = await step('everything that we ship is rendered', () => countChanges(overlays))
  const share = size === undefined ? 1 : Math.min(1, size / total)
  const results: Result[] = []
  const leftOut = new Map<string, number>()
  for (const overlay of overlays) {
    if (stop.aborted) break
    const found = await step(`${overlay}: the analyzer reads each change`, () =>
      makeChanges(overlay, share, seed),
    )
    leftOut.set(overlay, found.leftOut)
    const drawn = found.made.filter(({ isDrawn }) => isDrawn)
    const reasons = await runJudges({
      overlay,
      drawn,
      log,
      resources: found.resources,
      signal: stop,
    })
    results.push(...found.made.map((made) => toResult(made, log, reasons)))
  }
  await report(folder, results, leftOut, seed)
  const isWhole = share === 1 && overlays.length === Object.keys(shipments).length
  if (isWhole && !stop.aborted) reportUnused(results)
  if (stop.aborted) {
    throw new UserError('the run was ended', 'Run the same command again. It goes on from here.')
  }
})

/** Only a verdict counts. What was drawn and has none was not run. */
function toResult(made: Made, log: VerdictLog, reasons: ReadonlyMap<string, string>): Result {
  const { overlay, id, mutation, noticed, isDrawn } = made
  const evidence = reasons.get(id) ?? 'the run was ended before it'
  const verdict = log.verdictOf(id) ?? { class: 'not run', evidence }
  return { overlay, name: mutation.name, noticed, verdict: isDrawn ? verdict : undefined }
}

async function report(
  folder: string,
  results: readonly Result[],
  leftOut: ReadonlyMap<string, number>,
  seed: number,
): Promise<void> {
  const lines = results.map(({ verdict, ...rest }) => JSON.stringify({ ...rest, ...verdict }))
  const table = formatTable(results, leftOut)
  await writeFile(join(folder, 'changes.jsonl'), `${lines.join('\n')}\n`)
  await writeFile(join(folder, 'table.txt'), table)
  await writeFile(join(folder, 'examples.md'), formatExamples(results))
  process.stdout.write(table)
  say(`  seed ${seed}, each change is in ${showPath(folder)}`)
  const failures = [
    ...listHoles(results).map((each) => ({ ...each, what: `${each.verdict?.class}, unnoticed` })),
    ...listUnexplained(results).map((each) => ({
      ...each,
      what: `${each.verdict?.class}, unnoticed without a reason`,
    })),
  ]
  for (const { what, overlay, name, verdict } of failures) {
    process.stdout.write(`${what}: ${overlay}: ${name}\n  ${verdict?.evidence}\n`)
  }
  if (failures.length > 0) process.exitCode = 1
}

/** A reason that explains nothing hides what a later change does. */
function reportUnused(results: readonly Result[]): void {
  for (const { name, reason } of listUnusedReasons(results)) {
    process.stdout.write(`unused reason: ${name} (${reason})\n`)
    process.exitCode = 1
  }
}

async function countChanges(overlays: readonly string[]): Promise<number> {
  let total = 0
  for (const overlay of overlays) total += (await renderChanges(overlay)).mutations.length
  return total
}

function readOnly(): string[] {
  const known = Object.keys(shipments)
  const wanted = readVariable('ONLY')?.split(',') ?? known
  const unknown = wanted.filter((name) => !known.includes(name))
  if (unknown.length === 0) return wanted
  throw new UserError(
    `ONLY=${unknown.join()} does not exist`,
    `Use names among ${known.join(', ')}.`,
  )
}

function readNumber(name: 'SEED' | 'SAMPLE'): number | undefined {
  const value = readVariable(name)
  if (value === undefined || /^[1-9]\d*$/.test(value)) return value ? Number(value) : undefined
  throw new UserError(`${name}=${value} is no number`, `Use a whole number, e.g. ${name}=500.`)
}

/** The first Ctrl-C ends the run after the verdicts that are due. The second one ends it at once. */
function stopOnInterrupt(): AbortSignal {
  const controller = new AbortController()
  process.once('SIGINT', () => {
    say('  …     the run ends after the changes that run now. Press Ctrl-C again to end it at once')
    controller.abort()
  })
  return controller.signal
}
