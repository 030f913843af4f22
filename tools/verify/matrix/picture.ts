// The picture: who gets a signature, who is refused, and by which lock.
import { html, type Markup } from './html.ts'
import type { Layout, PlacedLane, TextLine } from './lane-layout.ts'
import { countPassed, type Lane, listLanes } from './lanes.ts'
import { type AskedFor, type Lock, listLocks, type Report } from './report.ts'
import { lockWords } from './verdict.ts'

const GATE = 8
/** Half of the opening that a lane leaves in a lock which it passes. */
const OPENING = 8

/** An SVG with a lane for each caller. Its colours are the page's: classes, see picture.css. */
export function drawPicture(report: Report, request: AskedFor, layout: Layout): Markup {
  const locks = listLocks(report)
  const lanes: PlacedLane[] = []
  for (const lane of listLanes(report, request)) {
    lanes.push(layout.place(lane, lanes.at(-1)?.bottom ?? layout.head))
  }
  const height = (lanes.at(-1)?.bottom ?? layout.head) + 2
  const id = `picture-${layout.name}`
  const summary = lanes.map(({ lane }) => `${lane.caller.name}: ${lane.outcome}.`).join(' ')
  return html`<svg class="picture ${layout.name}" viewBox="0 0 ${layout.width} ${height}" role="img" aria-labelledby="${id}-title ${id}-summary">
<title id="${id}-title">How far each caller gets with ${request.method} ${request.path}</title>
<desc id="${id}-summary">${summary}</desc>
${drawHead(locks, layout)}
${lanes.map((placed) => drawLane(placed, locks, layout))}
</svg>`
}

function drawHead(locks: readonly Lock[], layout: Layout): Markup {
  const middle = layout.signer.x + layout.signer.width / 2
  const columns = [
    ...locks.map((lock, index) => ({ x: gateX(layout, index), ...lockWords[lock] })),
    { x: middle, label: 'signer', asks: 'has the key' },
  ]
  const line = (y: number, kind: string, text: string, x: number) =>
    html`<text class="${kind} centred" x="${x}" y="${y}">${text}</text>`
  return html`${columns.map(({ x, label }) => line(16, 'head', label, x))}
${layout.name === 'wide' ? columns.map(({ x, asks }) => line(34, 'small', asks, x)) : []}`
}

function drawLane(
  { lane, track, bottom, texts }: PlacedLane,
  locks: readonly Lock[],
  layout: Layout,
): Markup {
  const middle = (track.top + track.bottom) / 2
  const passed = countPassed(lane.reaches, locks)
  const isAsDeclared = lane.reaches === lane.declared
  const kind = isAsDeclared ? (lane.reaches === 'served' ? 'served' : 'refused') : 'wrong'
  const end = endX(layout, lane.reaches, locks)
  const { x, width } = layout.signer
  const answer = lane.answer === '' ? '' : ` (${lane.answer})`
  const declaredX = lane.declared === 'served' ? x + width / 2 : endX(layout, lane.declared, locks)
  return html`<g class="lane ${kind}" data-lane="${lane.caller.id}" data-reaches="${lane.reaches}" data-declared="${lane.declared}">
<title>${lane.caller.name}: ${lane.outcome}${answer}</title>
<path class="rule" d="M0 ${bottom}H${layout.width}"/>
${locks.map((_, index) => drawGate(gateX(layout, index), track, index < passed))}
<rect class="signer" x="${x}" y="${track.top}" width="${width}" height="${track.bottom - track.top}"/>
<circle class="start" cx="${layout.start}" cy="${middle}" r="4"/>
<path class="way" d="M${layout.start} ${middle}H${end}"/>
${isAsDeclared ? [] : [html`<circle class="declared" cx="${declaredX}" cy="${middle}" r="13"/>`]}
${drawEnd(lane.reaches, end, middle)}
${texts.map(drawText)}
</g>`
}

/** Two posts with an opening between them, or a shut one. */
function drawGate(x: number, { top, bottom }: PlacedLane['track'], isOpen: boolean): Markup {
  const left = x - GATE / 2
  const post = (y: number, height: number) =>
    html`<rect class="gate" x="${left}" y="${y}" width="${GATE}" height="${height}"/>`
  if (!isOpen) return post(top, bottom - top)
  const height = (bottom - top) / 2 - OPENING
  return html`${post(top, height)}${post(bottom - height, height)}`
}

/** A key, a stop mark, or a question mark. Drawn, not written: fonts differ in their symbols. */
function drawEnd(reaches: Lane['reaches'], x: number, y: number): Markup {
  if (reaches === 'none') return html``
  const at = `translate(${x} ${y})`
  if (reaches === 'served') {
    return html`<g class="key" transform="${at}"><path class="tip" d="M-9 -5L0 0L-9 5Z"/><circle cx="18" r="6"/><path d="M24 0H42M35 0V6M41 0V6"/></g>`
  }
  if (reaches === 'other') {
    return html`<g class="mark" transform="${at}"><circle r="9"/><path d="M-3 -2.5a3 3 0 1 1 4.5 2.6q-1.5 .8 -1.5 2.4M0 5v.6"/></g>`
  }
  return html`<g class="mark" transform="${at}"><circle r="9"/><path d="M-3.5 -3.5L3.5 3.5M3.5 -3.5L-3.5 3.5"/></g>`
}

function drawText({ text, x, y, kind }: TextLine): Markup {
  return html`<text class="${kind}" x="${x}" y="${y}">${text}</text>`
}

function gateX({ locks: { first, apart } }: Layout, index: number): number {
  return first + index * apart
}

function endX(layout: Layout, reaches: Lane['reaches'], locks: readonly Lock[]): number {
  if (reaches === 'served') return layout.signer.x
  if (reaches === 'none') return layout.start
  // Where it was lost is not known, so it ends before the first lock.
  if (reaches === 'other') return (layout.start + layout.locks.first) / 2
  return gateX(layout, countPassed(reaches, locks))
}
