// The picture shows at a glance who reaches the signer, and which lock ends everybody else's way.
import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { listLocks, type Report } from '../../tools/verify/matrix/report.ts'
import { breakCell, makeBrokenReport, makeReport } from '../support/matrix/sample-report.ts'
import { hasChromium, useBrowser } from './support/open-report.ts'

const locks = listLocks(makeReport())
const widths = [
  { layout: 'wide', width: 1_400 },
  { layout: 'narrow', width: 360 },
]

const findLanes = (page: Page) => page.locator('.lane:visible')
const findLane = (page: Page, id: string) => page.locator(`.lane[data-lane="${id}"]:visible`)

/** The lock, or the signer, at which a lane ends to the eye: by what is where on the screen. */
async function findEnd(lane: Locator): Promise<string> {
  const signer = await lane.locator('.signer').boundingBox()
  const way = await lane.locator('.way').boundingBox()
  const gates = await lane.locator('.gate').evaluateAll((found) =>
    found.map((gate) => {
      const { left, right } = gate.getBoundingClientRect()
      return { left, right }
    }),
  )
  if (signer === null || way === null) throw new Error('a lane without a way or a signer')
  const end = way.x + way.width
  // A heavy line's box is as much wider than the line.
  if (Math.abs(end - signer.x) < 4) return 'served'
  const lefts = [...new Set(gates.map(({ left }) => left))].sort((a, b) => a - b)
  const at = gates.find(({ left, right }) => left <= end && end <= right)
  return at === undefined ? 'nowhere' : (locks[lefts.indexOf(at.left)] ?? 'nowhere')
}

/** What each caller's `POST /sign` is declared to come to. */
function listDeclared({ callers, cells }: Report): (readonly [string, string | undefined])[] {
  const asked = cells.filter(({ request }) => request === 'sign')
  return callers.map(({ id }) => [id, asked.find(({ caller }) => caller === id)?.declared])
}

const open = useBrowser()

describe.skipIf(!hasChromium)('the picture', () => {
  test.each(widths)('ends each lane at the lock that refuses it: $layout', async ({ width }) => {
    const report = makeReport()
    const { page } = await open(report, { width })
    const lanes = await findLanes(page).all()
    const ends = lanes.map(async (lane) => [
      await lane.getAttribute('data-lane'),
      await findEnd(lane),
    ])
    expect(await Promise.all(ends)).toEqual(listDeclared(report))
  })

  test.each(widths)('gives a key to the frontend alone: $layout', async ({ width }) => {
    const { page } = await open(makeReport(), { width })
    const served = page.locator('.lane:has(.key):visible')
    expect(await served.count()).toBe(1)
    expect(await served.getAttribute('data-lane')).toBe('frontend')
    expect(await served.getAttribute('data-reaches')).toBe('served')
    expect(await page.locator('.wrong, .declared').count()).toBe(0)
  })

  test.each(widths)('opens only the locks that a lane has passed: $layout', async ({ width }) => {
    const { page } = await open(makeReport(), { width })
    // An open lock is drawn as two posts.
    const open_ = { outsider: 0, world: 1, 'frontend-wrong-token': 2, stranger: 3, twin: 4 }
    for (const [id, count] of Object.entries({ ...open_, frontend: 5 })) {
      expect(await findLane(page, id).locator('.gate').count()).toBe(locks.length + count)
    }
  })

  test.each(widths)(
    'shows a lane that ran further, heavy and with a word: $layout',
    async ({ width }) => {
      const { page } = await open(makeBrokenReport(), { width })
      const wrong = page.locator('.lane.wrong:visible')
      const ids = await wrong.evaluateAll((lanes) => lanes.map((lane) => lane.dataset.lane))
      expect(ids).toEqual(['frontend', 'twin', 'stranger'])

      const lane = findLane(page, 'stranger')
      expect(await findEnd(lane)).toBe('served')
      expect(await lane.getAttribute('data-declared')).toBe('policy')
      expect((await lane.locator('.outcome').allTextContents()).join(' ')).toBe(
        '!! served, declared: policy',
      )
      expect(await lane.locator('.declared').count()).toBe(1)
      const weigh = (id: string) =>
        findLane(page, id)
          .locator('.way')
          .evaluate((way) => {
            const style = way.ownerDocument.defaultView?.getComputedStyle(way)
            return { width: Number.parseFloat(style?.strokeWidth ?? ''), colour: style?.stroke }
          })
      const [bad, good] = [await weigh('stranger'), await weigh('look-alike')]
      expect(bad.width).toBeGreaterThan(good.width * 2)
      expect(bad.colour).not.toBe(good.colour)
    },
  )

  test('does not say where a request was lost that nobody answered for', async () => {
    const { page } = await open(makeBrokenReport())
    const lane = findLane(page, 'frontend')
    expect(await lane.getAttribute('data-reaches')).toBe('other')
    expect(await findEnd(lane)).toBe('nowhere')
    expect(await lane.locator('.gate').count()).toBe(locks.length)
  })

  test('shows a lock that refused instead of the signer', async () => {
    const report = breakCell(makeReport(), ['frontend', 'sign'], 'token', '401')
    const { page } = await open(report)
    const lane = findLane(page, 'frontend')
    expect(await findEnd(lane)).toBe('token')
    expect(await lane.getAttribute('class')).toContain('wrong')
    expect(await page.locator('.key').count()).toBe(0)
  })

  test('ends a lane where it starts if its caller has no way to ask', async () => {
    const report = makeReport()
    const isIt = ({ caller, request }: { caller: string; request: string }) =>
      caller === 'twin' && request === 'sign'
    const cells = report.cells.filter((cell) => !isIt(cell))
    const { page } = await open({ ...report, cells })
    const lane = findLane(page, 'twin')
    expect(await lane.getAttribute('data-reaches')).toBe('none')
    expect(await lane.locator('.outcome').textContent()).toBe('has no way to ask')
  })
})
