// The drawings of docs/ and of `make matrix` are well-formed SVG. No text covers another, and no drawing loads a resource.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { callers } from '../../../tools/verify/matrix/declared.ts'
import { drawPicture, escapeXml } from '../../../tools/verify/matrix/picture.ts'
import type { Report } from '../../../tools/verify/matrix/report.ts'
import { nameOutcome } from '../../../tools/verify/matrix/verdict.ts'
import { breakCell, makeBrokenReport, makeReport } from '../../support/matrix/sample-report.ts'
import { readFile } from '../../support/pages/pages.ts'

const attack = `<script>alert(1)</script>'"&amp;]]>\u0000\u001b[2J`
const report = makeReport()
const hostile: Report = {
  ...breakCell(report, ['public', 'sign'], 'other', attack),
  callers: [...report.callers, { id: attack, name: attack, shows: attack.repeat(20) }],
}
const files = readdirSync(join(CHECKOUT, 'docs')).filter((name) => name.endsWith('.svg'))
const drawings = [
  ...files.map((name) => ({ name, svg: readFile(`docs/${name}`) })),
  { name: 'a report that holds', svg: drawPicture(report) },
  { name: 'a report that does not hold', svg: drawPicture(makeBrokenReport()) },
  { name: 'a report with markup in it', svg: drawPicture(hostile) },
  {
    name: 'an empty report',
    svg: drawPicture({ ...report, callers: [], requests: [], cells: [] }),
  },
]

/** Lists elements that are not closed in order, and characters that are neither text nor an entity. */
function listFaults(svg: string): string[] {
  const open: string[] = []
  const faults: string[] = []
  const rest = svg.replace(
    /<(\/?)([a-zA-Z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g,
    (_, closing, name, attributes, empty) => {
      if (closing !== '' && open.pop() !== name) faults.push(`</${name}>`)
      if (closing === '' && empty === '') open.push(name)
      return attributes
    },
  )
  const stray = rest.match(/<|&(?!(?:#\d+|amp|lt|gt|quot|apos);)|(?!\n)\p{C}/gu) ?? []
  return [...faults, ...open, ...stray]
}

type Box = { words: string; left: number; right: number; top: number; bottom: number }

/** Estimates the position of each text from its font size and an average letter width. */
function findTexts(svg: string): Box[] {
  const [, sizeOfAll = '13'] = /(?:text \{ font: |<svg[^>]* font-size=")([\d.]+)/.exec(svg) ?? []
  return [...svg.matchAll(/<text([^>]*)>([\s\S]*?)<\/text>/g)].map(
    ([, attributes = '', inner = '']) => {
      const read = (name: string) => new RegExp(` ${name}="([^"]*)"`).exec(attributes)?.[1] ?? ''
      const classes = read('class').split(' ').filter(Boolean)
      const rules = classes
        .map((name) => new RegExp(`\\.${name}[ ,][^}]*`).exec(svg)?.[0] ?? '')
        .join()
      const size = Number(
        read('font-size') || (/font-size: ([\d.]+)px/.exec(rules)?.[1] ?? sizeOfAll),
      )
      const words = inner.replace(/<[^>]*>/g, ' ').replace(/&[^;]+;/g, '?')
      const width = words.length * size * (rules.includes('font-weight: 600') ? 0.6 : 0.54)
      const anchor = read('text-anchor') || (/text-anchor: (\w+)/.exec(rules)?.[1] ?? 'start')
      const left =
        Number(read('x')) - (anchor === 'start' ? 0 : anchor === 'end' ? width : width / 2)
      const y = Number(read('y'))
      return { words, left, right: left + width, top: y - size * 0.75, bottom: y + size * 0.2 }
    },
  )
}

describe.each(drawings)('$name', ({ svg }) => {
  test('is well-formed, and has a title', () => {
    expect(listFaults(svg)).toEqual([])
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^>]*>\n<title/)
  })

  test('loads nothing', () => {
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|<script|<image|href=|@import|url\((?!#)/,
    )
  })

  test('has no text that covers another or is outside', () => {
    const texts = findTexts(svg)
    expect(texts.length).toBeGreaterThan(1)
    const [, width = ''] = /viewBox="0 0 (\d+)/.exec(svg) ?? []
    expect(texts.filter(({ left, right }) => left < 0 || right > Number(width))).toEqual([])
    const overlaps = texts.flatMap((a, index) =>
      texts
        .slice(index + 1)
        .filter((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
        .map((b) => [a.words, b.words]),
    )
    expect(overlaps).toEqual([])
  })
})

describe('the picture of a report', () => {
  test.each([
    ['that holds', report],
    ['that does not hold', makeBrokenReport()],
  ])('%s names each caller, each outcome and the verdict', (_, each) => {
    const texts = findTexts(drawPicture(each)).map(({ words }) => words)
    const all = texts.join(' ')
    for (const { name } of each.callers) expect(all).toContain(escapeXml(name))
    for (const { seen, declared } of each.cells) {
      const outcome = seen === 'served' ? `✓ served` : `✕ ${nameOutcome(seen)}`
      expect(texts).toContain(seen === declared ? outcome : `!! ${nameOutcome(seen)}`)
    }
    expect(all).toMatch(each === report ? / holds: 73 of 73 / : / DOES NOT HOLD: 70 of 73 /)
  })

  test('in docs/ has the declared callers and cells', () => {
    const svg = readFile('docs/matrix.svg')
    for (const { name } of callers) expect(svg).toContain(escapeXml(name))
    expect(svg).toContain(`holds: ${report.cells.length} of ${report.cells.length} as declared`)
  })
})
