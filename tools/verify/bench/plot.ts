// The benchmark as an SVG. It begins with what the protection costs, then compares signers. It follows the reader's light or dark
// colours, and needs no other file.
import { escapeXml } from '../matrix/picture.ts'
import { counts, formatRatio, listSignerRows, type Report, type Row, readRate } from './report.ts'
import { type SubjectId, USUAL } from './subject.ts'

const WIDTH = 860
const MARGIN = 20
const BAR = { left: 400, width: 310, height: 18, step: 24, gap: 8 }
const TEXT_OFFSET = 13

const style = `
  svg { --page: #fff; --ink: #1f2328; --quiet: #59636e; --rule: #d1d9e0; --ours: #0969da; --other: #8c959f }
  @media (prefers-color-scheme: dark) {
    svg { --page: #0d1117; --ink: #e6edf3; --quiet: #9198a1; --rule: #3d444d; --ours: #4493f8; --other: #656c76 }
  }
  text { font-size: 12px; font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: var(--ink) }
  .value { paint-order: stroke; stroke: var(--page); stroke-width: 5px; stroke-linejoin: round }
  .headline { font-size: 20px; font-weight: 600 }
  .title { font-size: 15px; font-weight: 600 }
  .quiet { fill: var(--quiet) }
  .page { fill: var(--page); stroke: var(--rule) }
  .rule { stroke: var(--rule) }
  .ours { fill: var(--ours) }
  .other { fill: var(--other) }
`

/** `length`: a share of the width. `lead`: stands at the left, before several bars. */
type Bar = { lead?: string; label: string; isOurs: boolean; length: number; value: string }
type Group = { title: string; bars: Bar[]; marks: { at: number; label: string }[] }

const throughGateway = {
  title: 'POST /process through the gateway, as a share of the same without signing',
  ids: ['unsigned', 'gateway'],
} as const
const inPod = {
  title: 'POST /process in the Pod, as a share of two unprotected processes',
  ids: ['pair', 'pod', 'flask'],
} as const
const labels: Partial<Record<SubjectId, string>> = {
  unsigned: 'without signing',
  gateway: 'signed, all controls on',
  pair: 'two bare node:http processes',
  pod: 'signed, all controls on',
  flask: 'the same in Flask, unprotected',
}

/** Groups of bars: through the gateway, in the Pod, and signers by themselves. What was not measured is left out. */
export function drawPlot(report: Report): string {
  const groups = [
    drawShares(report, throughGateway),
    drawShares(report, inPod),
    drawSigners(report),
  ].filter(({ bars }) => bars.length > 0)
  let y = 72
  const parts = groups.map((group) => {
    const drawn = drawGroup(group, y)
    y = drawn.bottom + 34
    return drawn.text
  })
  const height = y - 14
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title">`,
    '<title id="title">What the protection costs, in requests and signatures a second</title>',
    `<style>${style}</style>`,
    `<rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6"/>`,
    write(MARGIN, 36, 'What the protection costs', 'class="headline"'),
    ...parts,
    '</svg>\n',
  ].join('\n')
}

/** Bars for each number of connections. The first subject is the whole. */
function drawShares(
  report: Report,
  { title, ids }: { title: string; ids: readonly SubjectId[] },
): Group {
  const [base, ...others] = ids.map((id) => report.rows.find((each) => each.id === id))
  if (base === undefined || others.every((each) => each === undefined)) {
    return { title, bars: [], marks: [] }
  }
  const rows = [base, ...others].filter((each) => each !== undefined)
  const share = (row: Row, count: number) => readRate(row, count) / readRate(base, count)
  const most = Math.max(...counts.flatMap((count) => rows.map((row) => share(row, count))))
  const bars = counts.flatMap((count) =>
    rows.map((row, index): Bar => {
      const ratio = share(row, count)
      return {
        ...(index === 0 && { lead: count === 1 ? '1 connection' : `${count} connections` }),
        label: labels[row.id] ?? row.name,
        isOurs: row.isOurs,
        length: ratio / most,
        value: `${index === 0 ? '' : `× ${formatRatio(ratio)} · `}${formatRate(readRate(row, count))}/s`,
      }
    }),
  )
  const marks = [0, 0.25, 0.5, 0.75, 1].map((at) => ({ at: at / most, label: String(at) }))
  return { title, bars, marks }
}

/** On a logarithmic scale, each with its ratio to the first. */
function drawSigners(report: Report): Group {
  const rows = listSignerRows(report)
  const title = `Signatures a second of signers by themselves, logarithmic, ${USUAL} connections`
  const rates = [...rows.map((row) => readRate(row)), report.hmacPerSecond]
  const logs = rates.map(Math.log10)
  const [least, most] = [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs))]
  const toLength = (log: number) => (log - least) / (most - least)
  const names = [
    ...rows.map(({ name, isOurs }) => ({ name, isOurs })),
    { name: 'the HMAC in a loop, one core', isOurs: false },
  ]
  const bars = names.map(({ name, isOurs }, index): Bar => {
    const rate = rates[index] ?? Number.NaN
    return {
      label: name.replaceAll('`', ''),
      isOurs,
      length: toLength(Math.log10(rate)),
      value: `× ${formatRatio(rate / (rates[0] ?? 1))}`,
    }
  })
  const marks = Array.from({ length: most - least + 1 }, (_, index) => ({
    at: toLength(least + index),
    label: `10${superscript(least + index)}`,
  }))
  return { title, bars: rows.length === 0 ? [] : bars, marks }
}

/** `y`: of the title. A gap stands before each lead but the first. */
function drawGroup({ title, bars, marks }: Group, y: number): { text: string; bottom: number } {
  const top = y + 32
  const texts: string[] = []
  let next = top + 6
  for (const [index, { lead, label, isOurs, length, value }] of bars.entries()) {
    if (lead !== undefined && index > 0) next += BAR.gap
    const baseline = next + TEXT_OFFSET
    const width = Math.max(length, 0) * BAR.width
    texts.push(
      ...(lead === undefined ? [] : [write(MARGIN, baseline, lead, 'class="quiet"')]),
      write(BAR.left - 10, baseline, label, 'text-anchor="end"'),
      `<rect class="${isOurs ? 'ours' : 'other'}" x="${BAR.left}" y="${next}" width="${width.toFixed(1)}" height="${BAR.height}" rx="2"/>`,
      write(BAR.left + width + 6, baseline, value, 'class="value"'),
    )
    next += BAR.step
  }
  const grid = marks.flatMap(({ at, label }) => {
    const x = BAR.left + at * BAR.width
    return [
      write(x, top - 8, label, 'class="quiet" text-anchor="middle"'),
      `<path class="rule" d="M${x.toFixed(1)} ${top}V${next}"/>`,
    ]
  })
  const text = [write(MARGIN, y, title, 'class="title"'), ...grid, ...texts].join('\n')
  return { text, bottom: next }
}

function write(x: number, y: number, text: string, attributes: string): string {
  return `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escapeXml(text)}</text>`
}

function formatRate(rate: number): string {
  return Math.round(rate).toLocaleString('en')
}

function superscript(power: number): string {
  return [...String(power)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')
}
