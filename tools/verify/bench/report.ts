// What was measured, as Markdown. Ratios come first, because only they mean something on another machine.
import { breakDown, type Part } from './breakdown.ts'
import type { Loads } from './measure.ts'
import { ALONE, MANY, type Subject, type SubjectId, USUAL } from './subject.ts'

export type Row = Pick<Subject, 'id' | 'name' | 'isOurs' | 'signatures'> & { loads: Loads }
/** MiB before the loads and after them. */
export type Memory = { name: string; readyMs?: number; idleMib: number; afterMib?: number }
export type Report = {
  rows: readonly Row[]
  /** Of the HMAC alone, in a loop on one core. */
  hmacPerSecond: number
  memory: readonly Memory[]
  conditions: string
}

/** The protected service, and what it is compared with. `describe`: says the ratios in a sentence. */
type Comparison = {
  ours: SubjectId
  base: SubjectId
  name: string
  describe: (ratios: string) => string
}
const comparisons: readonly Comparison[] = [
  {
    ours: 'gateway',
    base: 'unsigned',
    name: 'through the gateway, of the same without signing',
    describe: (ratios) =>
      `Through the gateway, it serves ${ratios} of what it serves without signing.`,
  },
  {
    ours: 'pod',
    base: 'pair',
    name: 'in its Pod, of the unprotected pair',
    describe: (ratios) => `In its Pod, it serves ${ratios} of two unprotected processes.`,
  },
  {
    ours: 'pod',
    base: 'flask',
    name: 'in its Pod, of the Flask pair',
    describe: (ratios) => `That is ${ratios} times the unprotected use case in Flask.`,
  },
]
export const counts = [ALONE, USUAL, MANY] as const
const processRows: readonly SubjectId[] = ['gateway', 'unsigned', 'pod', 'pair', 'flask']
/** What signs by itself. The first one is what the others are compared with. */
const signerRows: readonly SubjectId[] = [
  ...(['naive', 'signer', 'signer-batch', 'vault', 'vault-batch'] as const),
  ...(['sign-in-pod', 'batch-in-pod'] as const),
]

export const listProcessRows = ({ rows }: Report) => pick(rows, processRows)
export const listSignerRows = ({ rows }: Report) => pick(rows, signerRows)

function pick(rows: readonly Row[], ids: readonly SubjectId[]): Row[] {
  return ids.flatMap((id) => rows.find((each) => each.id === id) ?? [])
}

/** Signatures a second. A lone caller's rate comes from its median, because few slow requests would change the mean. */
export function readRate({ loads, signatures }: Row, connections: number = USUAL): number {
  const load = loads.get(connections)
  if (load === undefined) return Number.NaN
  return (connections === ALONE ? 1_000 / load.p50Ms : load.perSecond) * signatures
}

/** Returns the ratio at each number of connections, or undefined if one of both was not measured. */
export function compare(
  { rows }: Report,
  { ours, base }: Pick<Comparison, 'ours' | 'base'>,
): number[] | undefined {
  const [measured, of] = [ours, base].map((id) => rows.find((each) => each.id === id))
  if (measured === undefined || of === undefined) return undefined
  return counts.map((each) => readRate(measured, each) / readRate(of, each))
}

/** Names each subject and number of connections at which requests failed. */
export function listFailures({ rows }: Report): string[] {
  return rows.flatMap(({ name, loads }) =>
    [...loads].flatMap(([connections, { failed }]) =>
      failed === 0 ? [] : [`${failed} requests failed at ${connections} connections: ${name}`],
    ),
  )
}

/** All tables and the conditions. */
export function formatMarkdown(report: Report): string {
  const parts = listParts(report)
  const tables = [
    formatComparisons(report),
    formatProcess(listProcessRows(report)),
    ...(parts === undefined ? [] : [formatParts(parts)]),
    formatSigners(report),
    formatMemory(report),
  ]
  return `${report.conditions}\n\n${tables.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

export function formatSection(report: Report): string {
  const picture = '![What the protection costs](benchmark.svg)'
  return `**${describeOutcome(report)}**\n\n${picture}\n\n${formatMarkdown(report)}`
}

/** Says each ratio in a sentence. */
export function describeOutcome(report: Report): string {
  const sentences = comparisons.flatMap((each) => {
    const ratios = compare(report, each)
    return ratios === undefined ? [] : [each.describe(listWords(ratios.map(formatRatio)))]
  })
  return [`\`POST /process\` at ${listWords(counts.map(String))} connections:`, ...sentences].join(
    ' ',
  )
}

function listWords(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

function listParts({ rows, hmacPerSecond }: Report): Part[] | undefined {
  const times = rows.map(({ id, loads }) => [id, loads.get(ALONE)?.p50Ms])
  return breakDown(Object.fromEntries(times), 1_000 / hmacPerSecond)
}

function formatComparisons(report: Report): string[] {
  const lines = comparisons.flatMap((each) => {
    const ratios = compare(report, each)
    return ratios ? [formatLine(each.name, ratios.map(formatRatio))] : []
  })
  return [...formatHead('`/process`, as a ratio', counts.map(String)), ...lines]
}

function formatProcess(rows: readonly Row[]): string[] {
  const heads = counts.flatMap((each) => [
    ...(each === ALONE ? [] : [`${each}: /s`]),
    each === ALONE ? 'alone, ms' : 'p50 ms',
    'p99 ms',
  ])
  const lines = rows.map(({ name, loads }) => {
    const cells = counts.flatMap((each) => {
      const load = loads.get(each)
      const rate = each === ALONE ? [] : [formatCount(load?.perSecond)]
      return [...rate, formatMs(load?.p50Ms), formatMs(load?.p99Ms)]
    })
    return formatLine(name, cells)
  })
  return [...formatHead('', heads), ...lines]
}

function formatParts(parts: readonly Part[]): string[] {
  const lines = parts.map(({ name, ms }) => formatLine(name, [formatMs(ms)]))
  return [...formatHead('a lone request', ['ms']), ...lines]
}

function formatSigners(report: Report): string[] {
  const rows = listSignerRows(report)
  const base = rows[0] === undefined ? Number.NaN : readRate(rows[0])
  const lines = rows.map((row) => {
    const load = row.loads.get(USUAL)
    const rate = readRate(row)
    const times = [load?.p50Ms, load?.p99Ms, row.loads.get(ALONE)?.p50Ms].map(formatMs)
    return formatLine(row.name, [formatCount(rate), formatRatio(rate / base), ...times])
  })
  const loop = [formatCount(report.hmacPerSecond), formatRatio(report.hmacPerSecond / base)]
  return [
    ...formatHead('', ['signatures/s', 'of naive', 'p50 ms', 'p99 ms', 'alone, ms']),
    ...lines,
    formatLine('the HMAC in a loop, one core', [...loop, '–', '–', '–']),
  ]
}

function formatMemory({ memory }: Report): string[] {
  const lines = memory.map(({ name, readyMs, idleMib, afterMib }) =>
    formatLine(name, [formatCount(readyMs), formatCount(idleMib), formatCount(afterMib)]),
  )
  return [...formatHead('', ['ready after ms', 'resident MiB', 'after the run']), ...lines]
}

function formatHead(first: string, others: readonly string[]): string[] {
  return [
    formatLine(first, others),
    formatLine(
      '---',
      others.map(() => '--:'),
    ).replaceAll(' ', ''),
  ]
}

function formatLine(name: string, cells: readonly string[]): string {
  return `| ${[name, ...cells].join(' | ')} |`
}

function formatCount(value: number | undefined): string {
  return value === undefined ? '–' : String(Math.round(value))
}

function formatMs(value: number | undefined): string {
  if (value === undefined) return '–'
  return value < 0.01 && value > 0 ? value.toFixed(3) : value.toFixed(2)
}

export function formatRatio(ratio: number): string {
  return ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0)
}
