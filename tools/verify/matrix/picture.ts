// Draws a report as an SVG: how far each caller gets with one request, and below it the outcome of every request.
// It is 900 pixels wide, needs no other file, and follows the reader's light or dark colours.
import { type AskedFor, type Cell, listControls, type Report } from './report.ts'
import { controlWords, describeVerdict, nameOutcome } from './verdict.ts'
import { wrapText } from './wrap-text.ts'

const WIDTH = 900
const MARGIN = 20
const RIGHT = WIDTH - MARGIN
/** Where a lane starts and where its controls stand. */
const START = 290
const FIRST = 334
const SIGNER = { x: 690, width: 46 }
const OUTCOME = 750
const LINE = 15
const MOST_LINES = 3

const style = `
  svg { --page: #fff; --ink: #1f2328; --quiet: #59636e; --rule: #d1d9e0; --gate: #ccd3da; --good: #116329; --tint: #e6f6ea; --bad: #b4151f }
  @media (prefers-color-scheme: dark) {
    svg { --page: #0d1117; --ink: #e6edf3; --quiet: #9198a1; --rule: #3d444d; --gate: #3d444d; --good: #4ac26b; --tint: #12261a; --bad: #ff7b72 }
  }
  text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: var(--ink) }
  .bold { font-weight: 600 }
  .quiet { fill: var(--quiet) }
  .page { fill: var(--page); stroke: var(--rule) }
  .rule { stroke: var(--rule); stroke-width: 1 }
  .gate { fill: var(--gate) }
  .tint { fill: var(--tint) }
  .lane { --lane: var(--quiet) }
  .served { --lane: var(--good) }
  .wrong { --lane: var(--bad) }
  .lane :is(.track, .declared) { stroke: var(--lane); stroke-width: 2; fill: none }
  .lane circle:not(.declared) { fill: var(--lane) }
  .declared { stroke-dasharray: 4 3 }
  .lane .cross { stroke: var(--page); stroke-width: 2 }
  :is(.served, .wrong) .outcome { fill: var(--lane) }
`

type Kind = 'served' | 'refused' | 'wrong'

export function drawPicture(report: Report): string {
  const request = report.requests.find(({ id }) => id === 'sign') ?? report.requests[0]
  const parts = [
    text({ x: MARGIN, y: 38, size: 20, kind: 'bold' }, 'Who gets a signature'),
    text({ x: MARGIN, y: 62, size: 13 }, describeVerdict(report)),
  ]
  let y = 98
  if (request !== undefined) {
    const title = `How far each caller gets with ${request.method} ${request.path}`
    parts.push(text({ x: MARGIN, y, size: 15, kind: 'bold' }, title))
    const lanes = drawLanes(report, request, y + 24)
    parts.push(...lanes.parts)
    y = lanes.bottom + 36
    parts.push(text({ x: MARGIN, y, size: 15, kind: 'bold' }, 'The outcome of every request'))
  }
  const table = drawTable(report, y + 22)
  const height = table.bottom + MARGIN
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title description">
<title id="title">Who gets a signature</title>
<desc id="description">${escapeXml(describe(report, request))}</desc>
<style>${style}</style>
<rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="10"/>
${[...parts, ...table.parts].join('\n')}
</svg>
`
}

function describe(report: Report, request: AskedFor | undefined): string {
  const callers = report.callers.map((caller) => {
    const cell = findCell(report, caller.id, request?.id)
    return `${caller.name}: ${outcomeOf(cell)}.`
  })
  return [`${describeVerdict(report)}.`, ...callers].join(' ')
}

function drawLanes(report: Report, request: AskedFor, top: number) {
  const controls = listControls(report)
  const gateX = (index: number) => FIRST + index * ((SIGNER.x - FIRST) / controls.length)
  const heads = [
    ...controls.map((control, index) => ({ x: gateX(index), ...controlWords[control] })),
    { x: SIGNER.x + SIGNER.width / 2, label: 'signer', asks: 'has the key' },
  ]
  const parts = heads.flatMap(({ x, label, asks }) => [
    text({ x, y: top, size: 12, kind: 'bold', centred: true }, label),
    text({ x, y: top + LINE, size: 10.5, kind: 'quiet', centred: true }, asks),
  ])
  let y = top + LINE + 12
  for (const caller of report.callers) {
    const cell = findCell(report, caller.id, request.id)
    const left = [...lines(caller.name, 31, 'bold'), ...lines(`shows ${caller.shows}`, 41, 'quiet')]
    const right = [
      ...lines(outcomeOf(cell), 17, 'outcome bold'),
      ...lines(cell?.answer ?? '', 19, 'quiet'),
    ]
    const height = Math.max(left.length, right.length) * LINE + 14
    const endX = (end: Cell['seen']) => {
      if (end === 'served') return SIGNER.x
      return end === 'other' ? (START + FIRST) / 2 : gateX(controls.indexOf(end))
    }
    const drawn = cell === undefined ? '' : drawLane(cell, y + height / 2, endX)
    const gates = controls.map((_, index) => {
      const isOpen = cell !== undefined && endX(cell.seen) > gateX(index)
      return drawGate(gateX(index), y, height, isOpen)
    })
    parts.push(
      `<g class="lane ${kindOf(cell)}">`,
      `<rect class="tint" x="${SIGNER.x}" y="${y}" width="${SIGNER.width}" height="${height}"/>`,
      ...gates,
      ...(drawn === '' ? [] : [drawn]),
      ...stack(left, MARGIN, y, height),
      ...stack(right, OUTCOME, y, height),
      drawRule(y + height),
      '</g>',
    )
    y += height
  }
  return { parts, bottom: y }
}

/** A line to where the request ended, with an arrow or a cross. A dashed ring is where it was declared to end. */
function drawLane({ seen, declared }: Cell, y: number, endX: (end: Cell['seen']) => number) {
  const end = endX(seen)
  const mark =
    seen === 'served'
      ? `<path class="track" d="M${end - 8} ${y - 5}L${end} ${y}L${end - 8} ${y + 5}"/>`
      : `<circle cx="${end}" cy="${y}" r="9"/><path class="cross" d="M${end - 3.5} ${y - 3.5}l7 7m0 -7l-7 7"/>`
  const ring =
    seen === declared ? '' : `<circle class="declared" cx="${endX(declared)}" cy="${y}" r="13"/>`
  return `<circle cx="${START}" cy="${y}" r="4"/><path class="track" d="M${START} ${y}H${end}"/>${ring}${mark}`
}

/** A control: two posts with an opening for a request that passes, or a closed one. */
function drawGate(x: number, y: number, height: number, isOpen: boolean): string {
  const post = (top: number, tall: number) =>
    `<rect class="gate" x="${x - 4}" y="${top}" width="8" height="${tall}"/>`
  if (!isOpen) return post(y, height)
  const tall = height / 2 - 8
  return post(y, tall) + post(y + height - tall, tall)
}

function drawTable(report: Report, top: number) {
  const { callers, requests } = report
  const columnX = (index: number) => START + index * ((RIGHT - START) / requests.length)
  const parts = requests.flatMap(({ method, path, of }, index) =>
    [of, method, path].map((part, line) =>
      text({ x: columnX(index), y: top + line * LINE, size: 11, kind: 'quiet' }, part),
    ),
  )
  let y = top + 2 * LINE + 10
  parts.push(drawRule(y))
  for (const caller of callers) {
    const left = lines(caller.name, 31)
    const height = Math.max(2, left.length) * LINE + 8
    const cells = requests.map(({ id }, index) => {
      const cell = findCell(report, caller.id, id)
      const [x, kind] = [columnX(index), kindOf(cell)]
      const width = (RIGHT - START) / requests.length - 2
      const tint = `<rect class="tint" x="${x - 6}" y="${y + 1}" width="${width}" height="${height - 2}"/>`
      const words = stack(cellLines(cell), x, y, height).join('')
      return `<g class="lane ${kind}">${kind === 'served' ? tint : ''}${words}</g>`
    })
    parts.push(...stack(left, MARGIN, y, height), ...cells, drawRule(y + height))
    y += height
  }
  return { parts, bottom: y }
}

type TextLine = { words: string; kind: string }

function cellLines(cell: Cell | undefined): TextLine[] {
  if (cell === undefined) return [{ words: '–', kind: 'quiet' }]
  const seen = nameOutcome(cell.seen)
  if (cell.seen === cell.declared) {
    const isServed = cell.seen === 'served'
    return [{ words: `${isServed ? '✓' : '✕'} ${seen}`, kind: 'outcome' }]
  }
  const declared = `not ${nameOutcome(cell.declared)}`
  return [`!! ${seen}`, declared].map((words) => ({ words, kind: 'outcome bold' }))
}

function lines(words: string, width: number, kind = ''): TextLine[] {
  if (words === '') return []
  const all = wrapText(words, width)
  const shown = all.slice(0, MOST_LINES)
  if (all.length > MOST_LINES) shown.push(`${shown.pop()?.slice(0, width - 2)} …`)
  return shown.map((line) => ({ words: line, kind }))
}

function stack(all: readonly TextLine[], x: number, top: number, height: number): string[] {
  const first = top + (height - all.length * LINE) / 2 + 11
  return all.map(({ words, kind }, index) =>
    text({ x, y: first + index * LINE, size: kind === 'quiet' ? 11 : 12, kind }, words),
  )
}

function outcomeOf(cell: Cell | undefined): string {
  if (cell === undefined) return 'cannot ask'
  const seen = nameOutcome(cell.seen)
  if (cell.seen !== cell.declared) return `!! ${seen}, declared: ${nameOutcome(cell.declared)}`
  return cell.seen === 'served' ? seen : `refused: ${seen}`
}

function kindOf(cell: Cell | undefined): Kind {
  if (cell !== undefined && cell.seen !== cell.declared) return 'wrong'
  return cell?.seen === 'served' ? 'served' : 'refused'
}

function findCell({ cells }: Report, caller: string, request: string | undefined) {
  return cells.find((cell) => cell.caller === caller && cell.request === request)
}

function drawRule(y: number): string {
  return `<path class="rule" d="M${MARGIN} ${y}H${RIGHT}"/>`
}

type Place = { x: number; y: number; size: number; kind?: string; centred?: boolean }

function text({ x, y, size, kind, centred = false }: Place, words: string): string {
  const classes = kind ? ` class="${kind}"` : ''
  const anchor = centred ? ' text-anchor="middle"' : ''
  return `<text x="${x}" y="${y}" font-size="${size}"${classes}${anchor}>${escapeXml(words)}</text>`
}

/** Makes text of any characters safe inside an element. Control characters, which XML forbids, become question marks. */
export function escapeXml(words: string): string {
  return words
    .replace(/\p{C}/gu, '?')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
