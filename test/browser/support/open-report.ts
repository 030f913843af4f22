// Opens a report's page as somebody does who was sent the file.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { findChromium, launchChromium } from '../../../tools/verify/matrix/chromium.ts'
import { renderPage } from '../../../tools/verify/matrix/page.ts'
import type { Report } from '../../../tools/verify/matrix/report.ts'
import { makeFolder } from '../../support/folder.ts'

/** Without one the tests are skipped; install-chromium.ts has said so. */
export const hasChromium = (await findChromium()) !== undefined

type Options = { width?: number; colorScheme?: 'light' | 'dark'; javaScriptEnabled?: boolean }
/** `asked` is every address that the page made the browser ask, `problems` what it said on the console. */
export type Opened = { page: Page; asked: string[]; problems: string[] }

/** Starts a browser for the tests of a file; what comes back shows a report in it, until the next one is shown. */
export function useBrowser(): (report: Report, options?: Options) => Promise<Opened> {
  const windows = new Map<boolean, Opened & { shown: string }>()
  let browser: Browser
  beforeAll(async () => {
    if (hasChromium) browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  return async (report, options = {}) => {
    const { width = 1_400, colorScheme = 'light', javaScriptEnabled = true } = options
    // A new window, and a page loaded anew, take longer than all else that a test does.
    const window = windows.get(javaScriptEnabled) ?? (await openWindow(browser, javaScriptEnabled))
    windows.set(javaScriptEnabled, window)
    const { page, asked, problems } = window
    await page.setViewportSize({ width, height: 900 })
    await page.emulateMedia({ colorScheme, media: 'screen' })
    const html = renderPage(report)
    if (window.shown === html) return window
    for (const list of [asked, problems]) list.length = 0
    const file = join(await makeFolder(), 'matrix.html')
    await writeFile(file, html)
    await page.goto(pathToFileURL(file).href)
    window.shown = html
    return window
  }
}

async function openWindow(browser: Browser, javaScriptEnabled: boolean) {
  const page = await browser.newPage({ javaScriptEnabled })
  const asked: string[] = []
  const problems: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  page.on('console', (message) => problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(error.message))
  return { page, asked, problems, shown: '' }
}
