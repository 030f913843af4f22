// What was measured, as Markdown and as a plot. Ratios, because only they mean something on another machine.
import { escapeXml } from '../matrix/picture.ts'
import type { Load } from './generator.ts'

export type Row = {
  name: string
  /** In blue. */
  isOurs: boolean
  /** Signatures a second. */
  perSecond: number
  /** Of requests under load. */
  load?: Load
  /** The median of a caller who is alone. */
  aloneMs?: number
}
/** MiB at the start and after the run. */
export type Memory = { name: string; readyMs: number; idleMib: number; afterMib?: number }
export type Report = { rows: readonly Row[]; memory: readonly Memory[]; conditions: string }

const BAR = { left: 420, width: 360, height: 18, step: 30, top: 34 }

/** Two tables and the conditions. The first row is what the others are ratios of. */
export function formatMarkdown({ rows, memory, conditions }: Report): string {
  const base = rows[0]?.perSecond ?? 1
  const ms = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(2))
  return `${[
    conditions,
    '',
    '| | signatures/s | of naive | p50 ms | p99 ms | alone, ms |',
    '|---|--:|--:|--:|--:|--:|',
    ...rows.map(({ name, perSecond, load, aloneMs }) => {
      const ratio = formatRatio(perSecond / base)
      const latencies = [load?.p50Ms, load?.p99Ms, aloneMs].map(ms).join(' | ')
      return `| ${name} | ${Math.round(perSecond)} | ${ratio} | ${latencies} |`
    }),
    '',
    '| | ready after ms | resident MiB | after the run |',
    '|---|--:|--:|--:|',
    ...memory.map(({ name, readyMs, idleMib, afterMib }) => {
      const after = afterMib === undefined ? '–' : Math.round(afterMib)
      return `| ${name} | ${Math.round(readyMs)} | ${Math.round(idleMib)} | ${after} |`
    }),
  ].join('\n')}\n`
}

export function formatSection(report: Report): string {
  const picture = '![Signatures a second, relative to the naive signer](benchmark.svg)'
  return `**${describeOutcome(report)}**\n\n${formatMarkdown(report)}\n${picture}\n`
}

/** How fast single requests to our services are, as a part of the first row. */
export function describeOutcome({ rows }: Report): string {
  const [first] = rows
  const ours = rows.filter(({ name, isOurs }) => isOurs && !name.includes('batch'))
  const parts = ours.map(({ name, perSecond }) => {
    return `${name} reaches × ${formatRatio(perSecond / (first?.perSecond ?? 1))}.`
  })
  return `Signatures a second, relative to ${first?.name} (× 1). ${parts.join(' ')}`
}

/** Horizontal bars on a logarithmic scale, each with its ratio to the first row. */
export function drawPlot({ rows }: Report): string {
  const base = rows[0]?.perSecond ?? 1
  const logs = rows.map(({ perSecond }) => Math.log10(perSecond))
  const [least, most] = [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs))]
  const toX = (log: number) => BAR.left + ((log - least) / (most - least)) * BAR.width
  const height = BAR.top + rows.length * BAR.step + 10
  const bars = rows.map(({ name, isOurs, perSecond }, index) => {
    const y = BAR.top + index * BAR.step
    const x = toX(Math.log10(perSecond))
    const middle = y + BAR.height - 5
    const fill = isOurs ? '#0969da' : '#8c959f'
    return [
      `<text x="${BAR.left - 10}" y="${middle}" text-anchor="end">${escapeXml(name.replaceAll('`', ''))}</text>`,
      `<rect x="${BAR.left}" y="${y}" width="${(x - BAR.left).toFixed(1)}" height="${BAR.height}" rx="2" fill="${fill}"/>`,
      `<text x="${(x + 6).toFixed(1)}" y="${middle}">× ${formatRatio(perSecond / base)}</text>`,
    ].join('')
  })
  const grid = Array.from({ length: most - least + 1 }, (_, index) => {
    const x = toX(least + index).toFixed(1)
    const label = `<text x="${x}" y="16" text-anchor="middle" fill="#57606a">10${superscript(least + index)}/s</text>`
    return `${label}<path d="M${x} 22V${height - 10}" stroke="#d0d7de"/>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="860" height="${height}" viewBox="0 0 860 ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#24292f">`,
    '<title>Signatures a second, logarithmic; × is the ratio to the naive signer</title>',
    `<rect width="860" height="${height}" fill="#ffffff"/>`,
    ...grid,
    ...bars,
    '</svg>\n',
  ].join('\n')
}

function formatRatio(ratio: number): string {
  return ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0)
}

function superscript(power: number): string {
  return [...String(power)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')
}
