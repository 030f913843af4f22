// The plot of `make bench`. A reader sees the cost of the protection first, and no text covers another.
import { expect, test } from 'vitest'
import { drawPlot } from '../../../../tools/verify/bench/plot.ts'
import { complete, makeReport, makeRow } from './figures.ts'

type Text = { x: number; y: number; from: number; to: number; text: string }

/** Letters take 7 pixels on average in a wide font of 12 pixels, 9 in 15 pixels, and 12 in 20. */
function listTexts(svg: string): Text[] {
  const found = svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)" ([^>]*)>([^<]*)</g)
  return [...found].map(([, left, top, attributes = '', text = '']) => {
    const [x, y] = [Number(left), Number(top)]
    const width =
      text.length * (attributes.includes('title') ? 9 : attributes.includes('headline') ? 12 : 7)
    const shift = attributes.includes('"end"')
      ? width
      : attributes.includes('middle')
        ? width / 2
        : 0
    return { x, y, from: x - shift, to: x - shift + width, text }
  })
}

test('shows the shares at each number of connections before the signers', () => {
  const texts = listTexts(drawPlot(complete)).map(({ text }) => text)
  const find = (start: string) => texts.findIndex((each) => each.startsWith(start))
  expect(texts).toContain('× 0.75 · 3,000/s')
  expect(texts).toContain('× 0.50 · 10,000/s')
  expect(texts).toContain('× 0.03 · 500/s')
  expect(find('POST /process through')).toBeLessThan(find('POST /process in'))
  expect(find('POST /process in')).toBeLessThan(find('Signatures'))
})

test('no text covers another or leaves the picture', () => {
  const fast = makeReport([
    ...complete.rows.filter(({ id }) => id !== 'pod'),
    makeRow('pod', [9_000, 30_000, 31_000]),
  ])
  for (const report of [complete, fast]) {
    const texts = listTexts(drawPlot(report))
    for (const [index, one] of texts.entries()) {
      expect(one, one.text).toSatisfy(({ from, to }: Text) => from >= 10 && to <= 850)
      const covered = texts
        .slice(index + 1)
        .filter(({ y, from, to }) => Math.abs(y - one.y) < 12 && from < one.to && one.from < to)
      expect(covered, one.text).toEqual([])
    }
  }
})

test('leaves out a group that was not measured', () => {
  const svg = drawPlot(makeReport([makeRow('naive', [5_000, 20_000])]))
  expect(svg).not.toMatch(/POST|NaN|Infinity/)
  expect(svg).toContain('Signatures')
})
