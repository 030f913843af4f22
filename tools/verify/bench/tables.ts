// The report as Markdown: all figures for the terminal, and fewer for docs/measurements.md.
import { breakDown, type Part } from './breakdown.ts'
import {
  compare,
  comparisons,
  counts,
  describeOutcome,
  formatCount,
  formatMs,
  formatRatio,
  listProcessRows,
  listSignerRows,
  type Report,
  type Row,
  readRate,
} from './report.ts'
import { ALONE, MANY, USUAL } from './subject.ts'

/** `isDetail`: only for the terminal. */
type Column = { head: string; read: (row: Row) => string; isDetail?: boolean }

const rate = (connections: number): Column => ({
  head: `${connections}: /s`,
  read: (row) => formatCount(row.loads.get(connections)?.perSecond),
})
const p50 = (connections: number, head = 'p50 ms'): Column => ({
  head,
  read: ({ loads }) => formatMs(loads.get(connections)?.p50Ms),
})
const p99 = (connections: number): Column => ({
  head: 'p99 ms',
  read: ({ loads }) => formatMs(loads.get(connections)?.p99Ms),
})
const asDetail = (column: Column): Column => ({ ...column, isDetail: true })

const processColumns = [
  ...[p50(ALONE, 'alone, ms'), asDetail(p99(ALONE))],
  ...[rate(USUAL), asDetail(p50(USUAL)), p99(USUAL)],
  ...[rate(MANY), asDetail(p50(MANY)), p99(MANY)],
]

const signerColumns: readonly Column[] = [
  { head: 'signatures/s', read: (row) => formatCount(readRate(row)) },
  ...[p50(USUAL), p99(USUAL)].map(asDetail),
  p50(ALONE, 'alone, ms'),
]

/** Everything, in tables. */
export function formatMarkdown(report: Report): string {
  const parts = listParts(report)
  const tables = [
    ...formatComparisons(report),
    formatRows(processColumns, listProcessRows(report)),
    ...(parts === undefined ? [] : [formatParts(parts)]),
    ...(report.cpuTimes.length === 0 ? [] : [formatCpuTimes(report)]),
    formatSigners(report),
    formatMemory(report),
  ]
  return joinBlocks([report.conditions, ...tables])
}

/** The outcome, the picture, and the main figures. */
export function formatSection(report: Report): string {
  const shown = ({ isDetail }: Column) => isDetail !== true
  const parts = listParts(report)
  return joinBlocks([
    `**${describeOutcome(report)}**`,
    '![What the protection costs](benchmark.svg)',
    report.conditions,
    formatRows(processColumns.filter(shown), listProcessRows(report)),
    ...(parts === undefined ? [] : [formatParts(parts)]),
    ...describeCpuTimes(report),
    formatRows(signerColumns.filter(shown), listSignerRows(report)),
    describeMemory(report),
  ])
}

function joinBlocks(blocks: readonly string[]): string {
  return `${blocks.join('\n\n')}\n`
}

function listParts({ rows, hmacPerSecond }: Report): Part[] | undefined {
  const times = rows.map(({ id, loads }) => [id, loads.get(ALONE)?.p50Ms])
  return breakDown(Object.fromEntries(times), 1_000 / hmacPerSecond)
}

function formatComparisons(report: Report): string[] {
  const lines = comparisons.flatMap((each) => {
    const ratios = compare(report, each)
    return ratios ? [[each.name, ...ratios.map(formatRatio)]] : []
  })
  const head = ['`/process`, as a ratio', ...counts.map(String)]
  return lines.length === 0 ? [] : [formatTable(head, lines)]
}

function formatParts(parts: readonly Part[]): string {
  const lines = parts.map(({ name, ms }) => [name, formatMs(ms)])
  return formatTable(['lone request', 'ms'], lines)
}

function formatCpuTimes({ cpuTimes }: Report): string {
  const lines = cpuTimes.map(({ name, application, signer, proxy }) => [
    name,
    ...[application, signer, proxy].map(formatCount),
  ])
  return formatTable(['CPU time of a message, µs', 'frontend', 'signer', 'proxy'], lines)
}

function describeCpuTimes({ cpuTimes }: Report): string[] {
  if (cpuTimes.length === 0) return []
  const lines = cpuTimes.map(({ name, application, signer, proxy }) => {
    const all = Object.entries({ frontend: application, signer, proxy })
    const known = all.filter(([, us]) => us !== undefined)
    return `${name}: ${known.map(([process, us]) => `${process} ${formatCount(us)} µs`).join(', ')}`
  })
  return [`CPU time of a message, at ${USUAL} connections:`, formatList(lines)]
}

function formatSigners(report: Report): string {
  const rows = listSignerRows(report)
  const base = rows[0] === undefined ? Number.NaN : readRate(rows[0])
  const ofNaive: Column = { head: 'of naive', read: (row) => formatRatio(readRate(row) / base) }
  const { hmacPerSecond } = report
  const loop = [formatCount(hmacPerSecond), '–', '–', '–', formatRatio(hmacPerSecond / base)]
  const name = 'the HMAC in a loop, one core'
  return formatRows([...signerColumns, ofNaive], rows, [[name, ...loop]])
}

function formatMemory({ memory }: Report): string {
  const lines = memory.map(({ name, readyMs, idleMib, afterMib }) => [
    ...[name, formatCount(readyMs)],
    ...[idleMib, afterMib].map((mib) => mib?.toFixed(1) ?? '–'),
  ])
  return formatTable(['', 'ready after ms', 'resident MiB', 'after the run'], lines)
}

function describeMemory({ memory }: Report): string {
  const after = memory.filter(({ afterMib }) => afterMib !== undefined)
  const sizes = after.map(({ name, afterMib }) => `${name} ${formatCount(afterMib)} MiB`)
  const started = memory.flatMap(({ name, readyMs }) =>
    readyMs === undefined ? [] : [`${name} ${formatCount(readyMs)} ms`],
  )
  return `Resident memory after the run: ${sizes.join(', ')}. Ready after: ${started.join(', ')}.`
}

function formatRows(
  columns: readonly Column[],
  rows: readonly Row[],
  more: readonly string[][] = [],
): string {
  const lines = rows.map((row) => [row.name, ...columns.map(({ read }) => read(row))])
  return formatTable(['', ...columns.map(({ head }) => head)], [...lines, ...more])
}

function formatTable(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const rule = `|---|${'--:|'.repeat(head.length - 1)}`
  const [first, ...others] = [head, ...lines].map((cells) => `| ${cells.join(' | ')} |`)
  return [first, rule, ...others].join('\n')
}

function formatList(items: readonly string[]): string {
  return items.map((each) => `- ${each}`).join('\n')
}
