// What a run found: the table by overlay and class, the examples of each class, and what fails the run.
import { classes, type Verdict } from '../support/mutations/judge.ts'
import { explainUnnoticed, type Reason, reasons } from '../support/mutations/reasons.ts'

export type Result = {
  overlay: string
  name: string
  noticed: string[]
  /** Undefined: it was not drawn. */
  verdict: Verdict | undefined
}

const EXAMPLES = 10
const columns = [...classes, 'not run'] as const

/** Nothing notices these, and they open or weaken something. */
export function listHoles(results: readonly Result[]): Result[] {
  return listUnnoticed(results).filter(({ verdict }) => /opens|weakens/.test(verdict?.class ?? ''))
}

/** Nothing changes then, and `make deploy` tries each resource by dry run first. */
const refused = /^(the API server refuses it|the Pod is refused): /

/** Nothing notices that these break something, or nobody ran them, and there is no reason for it. */
export function listUnexplained(results: readonly Result[]): Result[] {
  return listUnnoticed(results).filter(({ overlay, verdict, name }) => {
    const reason = explainUnnoticed(overlay, name)
    if (verdict?.class === 'breaks') {
      return reason?.effect !== 'breaks' && !refused.test(verdict.evidence)
    }
    return verdict?.class === 'not run' && reason === undefined
  })
}

/** Reasons that explain none of the changes. */
export function listUnusedReasons(results: readonly Result[]): Reason[] {
  const used = new Set(
    listUnnoticed(results).map(({ overlay, name }) => explainUnnoticed(overlay, name)),
  )
  return reasons.filter((each) => !used.has(each))
}

function listUnnoticed(results: readonly Result[]): Result[] {
  return results.filter(({ noticed }) => noticed.length === 0)
}

/** `leftOut`: by overlay, how many changes are those of another overlay. */
export function formatTable(
  results: readonly Result[],
  leftOut: ReadonlyMap<string, number>,
): string {
  const overlays = [...new Set(results.map(({ overlay }) => overlay))]
  const rows = [...overlays.map((overlay) => [overlay]), overlays].map((names) => {
    const of = results.filter(({ overlay }) => names.includes(overlay))
    const run = of.filter(({ verdict }) => verdict !== undefined)
    const equal = names.reduce((sum, name) => sum + (leftOut.get(name) ?? 0), 0)
    return [
      names === overlays ? 'all' : (names[0] ?? ''),
      ...[equal, of.length, of.length - listUnnoticed(of).length, run.length],
      ...columns.flatMap((column) => {
        const found = run.filter(({ verdict }) => verdict?.class === column)
        return [found.length, listUnnoticed(found).length]
      }),
    ].map(String)
  })
  const head = ['overlay', 'equal', 'made', 'noticed', 'run']
  const heads = [head.concat(columns.flatMap((column) => [column, '!'])), ...rows]
  const widths = heads[0]?.map((_, at) => Math.max(...heads.map((row) => row[at]?.length ?? 0)))
  const lines = heads.map((row) =>
    row
      .map((cell, at) =>
        at === 0 ? cell.padEnd(widths?.[0] ?? 0) : cell.padStart(widths?.[at] ?? 0),
      )
      .join('  '),
  )
  return [
    ...lines,
    '',
    'equal: left out, because the same change of an equal resource is made in another overlay',
    'run: all that no rule notices, and a tenth of the others. !: of these, what no rule notices',
    describeTenth(results),
    '',
  ].join('\n')
}

/** How often an alarm was about something harmless. */
function describeTenth(results: readonly Result[]): string {
  const tenth = results.filter(
    ({ noticed, verdict }) =>
      noticed.length > 0 && verdict !== undefined && verdict.class !== 'not run',
  )
  const harmless = tenth.filter(({ verdict }) => verdict?.class === 'nothing').length
  const share = tenth.length === 0 ? 0 : Math.round((100 * harmless) / tenth.length)
  return `of ${tenth.length} changes that a rule notices and that were run, ${harmless} change nothing (${share} %)`
}

/** Lists up to ten changes of each class, of as many kinds of resources as there are. */
export function formatExamples(results: readonly Result[]): string {
  return columns
    .map((column) => {
      const found = results.filter(({ verdict }) => verdict?.class === column)
      const shown = spread(found).slice(0, EXAMPLES)
      return [
        `## ${column}: ${found.length}`,
        ...shown.flatMap(({ overlay, name, noticed, verdict }) => [
          `- ${overlay}: ${name}`,
          `  ${verdict?.evidence}`,
          `  noticed by ${noticed.join(', ') || 'nothing'}`,
        ]),
        '',
      ].join('\n')
    })
    .join('\n')
}

/** Takes one of each kind of resource, then a second one of each, and so on. */
function spread(results: readonly Result[]): Result[] {
  const kindOf = ({ name }: Result) => name.replace(/^\+ /, '').split('/')[0] ?? ''
  const groups = Object.values(Object.groupBy(results, kindOf))
  const longest = Math.max(0, ...groups.map((group) => group?.length ?? 0))
  return Array.from({ length: longest }, (_, at) =>
    groups.flatMap((group) => group?.[at] ?? []),
  ).flat()
}
