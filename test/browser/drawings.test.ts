// The drawings of docs/ can be read in a page of GitHub's width, by day and by night, and by who can't see them.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchChromium } from '../../tools/verify/matrix/chromium.ts'
import {
  listContrasts,
  listOverflows,
  listStruck,
  measureDrawing,
  showDrawing,
} from './support/drawing.ts'
import { hasChromium } from './support/open-report.ts'
import { listOverlaps } from './support/readable.ts'

/** GitHub's column on a desktop; the drawings are a little wider and get shrunk. */
const WIDTH = 800

describe.skipIf(!hasChromium)('the architecture', () => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    browser = await launchChromium()
    page = await browser.newPage({ viewport: { width: WIDTH, height: 800 } })
    await showDrawing(page, 'architecture.svg')
  })
  afterAll(() => browser?.close())

  test('has no text on another, over the edge of a box, or under a line', async () => {
    const drawing = await measureDrawing(page)
    expect(drawing.texts.length).toBeGreaterThan(30)
    expect(drawing.lines.length).toBeGreaterThan(10)
    const whole = drawing.texts.filter(({ text }) => text !== 'one network, three containers')
    expect(listOverlaps(whole)).toEqual([])
    expect(listOverflows(drawing, 4)).toEqual([])
    expect(listStruck(drawing)).toEqual([])
  })

  test('is large enough to read', async () => {
    const { texts } = await measureDrawing(page)
    expect(texts.filter(({ sizePx }) => sizePx < 11.5)).toEqual([])
  })

  test.each(['light', 'dark'] as const)('stands out, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme })
    const contrasts = listContrasts(await measureDrawing(page))
    expect(contrasts.filter(({ contrast }) => contrast < 4.5)).toEqual([])
  })

  test('is dark where the reader wants it dark', async () => {
    const read = async (colorScheme: 'light' | 'dark') => {
      await page.emulateMedia({ colorScheme })
      return new Set((await measureDrawing(page)).texts.map(({ colour }) => colour))
    }
    expect((await read('light')).intersection(await read('dark'))).toEqual(new Set())
  })

  test('is told to who can’t see it, and asks nobody for anything', async () => {
    const picture = page.getByRole('img', {
      name: 'One Pod, two containers, one way to the signer',
    })
    expect(await picture.count()).toBe(1)
    const html = await page.content()
    expect(html).toContain('the key into the signer alone')
    expect(html.replace('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|<script|@import|url\((?!#)/,
    )
  })
})
