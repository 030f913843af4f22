// The report as text, at most 120 columns wide.
import { styleText } from 'node:util'
import { type Cell, holds, listControls, type Report } from './report.ts'
import { controlWords, describeDisagreements, describeVerdict, nameOutcome } from './verdict.ts'
import { wrapText } from './wrap-text.ts'

const COLUMNS = 120
const GAP = '  '
type Style = Parameters<typeof styleText>[0]

/** Returns the table, a legend, what is not as declared, and the verdict as the last line. It has colours if `stream` takes them. */
export function formatTable(
  report: Report,
  stream: NodeJS.WritableStream = process.stdout,
): string {
  const paint: Paint = (style, text) => (text === '' ? '' : styleText(style, text, { stream }))
  const disagreements = describeDisagreements(report)
  return [
    ...formatRows(report, paint),
    '',
    ...formatLegend(report),
    ...(report.notes.length === 0 ? [] : ['']),
    ...report.notes.flatMap((text) => indent('note: ', text)),
    ...(disagreements.length === 0 ? [] : ['', 'not as declared:']),
    ...disagreements.flatMap((text) => indent('!! ', text)).map((line) => paint('red', line)),
    '',
    paint(['bold', holds(report) ? 'green' : 'red'], describeVerdict(report)),
  ].join('\n')
}

type Lines = { lines: string[]; style: Style }
type Paint = (style: Style, text: string) => string

function formatRows({ callers, requests, cells }: Report, paint: Paint): string[] {
  const columns = [
    { head: ['', '', 'caller'], rows: callers.map(({ id }) => plain([id])) },
    ...requests.map(({ id, method, path, of }) => {
      const own = cells.filter(({ request }) => request === id)
      const rows = callers.map((caller) => readCell(own.find((cell) => cell.caller === caller.id)))
      return { head: [of, method, path], rows }
    }),
  ]
  const widths = columns.map(({ head, rows }) =>
    longest([head, ...rows.map(({ lines }) => lines)].flat()),
  )
  const head = joinCells(
    columns.map((column) => plain(column.head)),
    widths,
    paint,
  )
  const body = callers.flatMap((_, row) =>
    joinCells(
      columns.map(({ rows }) => rows[row] ?? plain([])),
      widths,
      paint,
    ),
  )
  return [...head, '─'.repeat(longest(head)), ...body]
}

function joinCells(cells: readonly Lines[], widths: readonly number[], paint: Paint): string[] {
  const height = Math.max(...cells.map(({ lines }) => lines.length))
  return Array.from({ length: height }, (_, line) => {
    const parts = cells.map(({ lines, style }, column) => {
      const text = lines[line] ?? ''
      return paint(style, text) + ' '.repeat((widths[column] ?? 0) - text.length)
    })
    return parts.join(GAP).trimEnd()
  })
}

function plain(lines: readonly string[]): Lines {
  return { lines: lines.map(makePrintable), style: [] }
}

/** One line if the cell is as declared, else three highlighted ones. */
function readCell(cell: Cell | undefined): Lines {
  if (cell === undefined) return plain(['–'])
  const [seen, declared] = [nameOutcome(cell.seen), nameOutcome(cell.declared)]
  if (cell.seen !== cell.declared) {
    return { lines: [`!! ${seen},`, 'declared:', declared], style: ['bold', 'red', 'inverse'] }
  }
  return cell.seen === 'served'
    ? { lines: [`✓ ${seen}`], style: 'green' }
    : { lines: [`✕ ${seen}`], style: [] }
}

function formatLegend(report: Report): string[] {
  const { callers } = report
  const width = longest(callers.map(({ id }) => makePrintable(id)))
  return [
    '✓ served   ✕ refused, and by which control   – cannot ask   !! not as declared',
    ...listControls(report).map(
      (control) => `  ${controlWords[control].label.padEnd(8)}${controlWords[control].refuses}`,
    ),
    '',
    ...callers.flatMap(({ id, name, shows }) =>
      indent(`  ${makePrintable(id).padEnd(width)}  `, `${name}; shows ${shows}`),
    ),
  ]
}

function indent(first: string, text: string): string[] {
  const lines = wrapText(makePrintable(text), Math.max(20, COLUMNS - first.length))
  return lines.map((line, index) => (index === 0 ? first : ' '.repeat(first.length)) + line)
}

/** Replaces control characters: an answer must not move the cursor or change a colour. */
function makePrintable(text: string): string {
  return text.replace(/\p{C}/gu, '?')
}

function longest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length))
}
