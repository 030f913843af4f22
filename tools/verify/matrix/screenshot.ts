// The page's upper part as a picture, for docs/.
import { writeFile } from 'node:fs/promises'
import { launchChromium } from './chromium.ts'
import { GLANCE } from './page.ts'
import { shrinkPng } from './shrink-png.ts'

/** Writes verdict, picture and table of a page as a PNG, 1,200 CSS pixels wide. */
export async function takeScreenshot(html: string, file: string): Promise<void> {
  const browser = await launchChromium()
  try {
    const page = await browser.newPage({
      viewport: { width: 1_200, height: 800 },
      deviceScaleFactor: 1.5,
      colorScheme: 'light',
    })
    await page.setContent(html)
    const bounds = await page.locator(`#${GLANCE}`).boundingBox()
    if (bounds === null) throw new Error(`the page has no part with the id ${GLANCE}`)
    // From edge to edge, with the page's own margin above and below.
    const clip = { x: 0, y: 0, width: 1_200, height: bounds.y * 2 + bounds.height }
    await writeFile(file, shrinkPng(await page.screenshot({ fullPage: true, clip })))
  } finally {
    await browser.close()
  }
}
