// The page can be read: on a phone and on a wide screen, by day and by night, and on paper.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { renderPage } from '../../tools/verify/matrix/page.ts'
import { takeScreenshot } from '../../tools/verify/matrix/screenshot.ts'
import { makeFolder } from '../support/folder.ts'
import { makeBrokenReport, makeReport } from '../support/matrix/sample-report.ts'
import { hasChromium, useBrowser } from './support/open-report.ts'
import {
  computeContrast,
  findBoxes,
  listOverlaps,
  readColours,
  readPixel,
} from './support/readable.ts'

const reports = [
  { what: 'holds', report: makeReport() },
  { what: 'does not hold', report: makeBrokenReport() },
]
const widths = [360, 768, 960, 1_400]

const open = useBrowser()

describe.skipIf(!hasChromium).each(reports)('the page of a report that $what', ({ report }) => {
  test.each(widths)('fits %i pixels, and no text of the picture lies on another', async (width) => {
    const { page } = await open(report, { width })
    const wanted = await page.locator(':root').evaluate((root) => root.scrollWidth)
    expect(wanted).toBeLessThanOrEqual(width)

    const [frame] = await findBoxes(page.locator('svg:visible'))
    const boxes = await findBoxes(page.locator('svg:visible text'))
    expect(boxes.length).toBeGreaterThan(report.callers.length * 3)
    expect(listOverlaps(boxes)).toEqual([])
    const outside = boxes.filter(
      ({ left, right }) => left < (frame?.left ?? 0) - 1 || right > (frame?.right ?? 0) + 1,
    )
    expect(outside).toEqual([])
  })

  test('keeps the texts beside the lanes on a wide screen', async () => {
    const { page } = await open(report)
    const texts = await findBoxes(page.locator('.lane text:visible'))
    const lanes = await findBoxes(page.locator('.start:visible, .signer:visible'))
    const [left, right] = [
      Math.min(...lanes.map((each) => each.left)),
      Math.max(...lanes.map((each) => each.right)),
    ]
    expect(texts.filter((text) => text.right > left - 4 && text.left < right + 4)).toEqual([])
  })

  test('keeps the texts above and below the lanes on a phone', async () => {
    const { page } = await open(report, { width: 360 })
    const texts = await findBoxes(page.locator('.lane text:visible'))
    const drawn = await findBoxes(page.locator('.gate:visible, .mark:visible, .signer:visible'))
    const across = texts.filter((text) => drawn.some((each) => listOverlaps([text, each]).length))
    expect(across).toEqual([])
  })

  test.each(['light', 'dark'] as const)('stands out, %s', async (colorScheme) => {
    const { page } = await open(report, { colorScheme })
    const colours = await readColours(page)
    expect(colours.length).toBeGreaterThan(200)
    expect(colours.filter(({ contrast }) => contrast < 4.5)).toEqual([])
  })
})

describe.skipIf(!hasChromium)('the page', () => {
  test('is dark where the reader wants it dark', async () => {
    const read = async (colorScheme: 'light' | 'dark') => {
      const { page } = await open(makeReport(), { colorScheme })
      return new Set((await readColours(page)).map(({ colour }) => colour))
    }
    const [light, dark] = [await read('light'), await read('dark')]
    expect(light.intersection(dark)).toEqual(new Set())
  })

  test('is printed light, with the wide picture', async () => {
    const { page } = await open(makeReport(), { colorScheme: 'dark', width: 700 })
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    expect(await page.locator('svg.wide').isVisible()).toBe(true)
    expect(await page.locator('svg.narrow').isVisible()).toBe(false)
    const background = await page
      .locator(':root')
      .evaluate((root) => root.ownerDocument.defaultView?.getComputedStyle(root).backgroundColor)
    expect(background).toBe('rgb(255, 255, 255)')
  })

  test('becomes a small picture for the docs, in its own colours', async () => {
    const file = join(await makeFolder(), 'matrix.png')
    await takeScreenshot(renderPage(makeReport()), file)
    const png = await readFile(file)
    expect(png.length).toBeLessThan(300_000)

    const { page } = await open(makeReport(), { width: 1_200 })
    const verdict = page.locator('.holds')
    const [box] = await findBoxes(verdict)
    const colour = await verdict.evaluate(
      (element) => element.ownerDocument.defaultView?.getComputedStyle(element).backgroundColor,
    )
    const address = `data:image/png;base64,${png.toString('base64')}`
    const at = { x: ((box?.left ?? 0) + 6) * 1.5, y: ((box?.top ?? 0) + 6) * 1.5 }
    const seen = await readPixel(verdict, { address, ...at })
    expect(seen).toEqual({ width: 1_800, colour })
  })
})

test('contrast is computed as WCAG does', () => {
  const [white, grey] = [[255, 255, 255, 1] as const, [118, 118, 118, 1] as const]
  expect(computeContrast(white, [0, 0, 0, 1])).toBeCloseTo(21)
  expect(computeContrast(grey, white)).toBeCloseTo(4.54, 2)
})
