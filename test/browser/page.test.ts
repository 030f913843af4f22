// The page says what the report says, by itself: without a script, without asking anybody for anything.
import { describe, expect, test } from 'vitest'
import type { Report } from '../../tools/verify/matrix/report.ts'
import { nameOutcome } from '../../tools/verify/matrix/verdict.ts'
import { breakCell, makeBrokenReport, makeReport } from '../support/matrix/sample-report.ts'
import { hasChromium, useBrowser } from './support/open-report.ts'

const squeeze = (texts: readonly string[]) => texts.map((text) => text.replace(/\s+/g, ' ').trim())

/** What a cell of the table has to say. */
function listCells({ callers, requests, cells, declarations }: Report): string[] {
  const numbers = new Map(declarations.map(({ resource }, index) => [resource, index + 1]))
  return callers.flatMap(({ id: caller }) =>
    requests.map(({ id: request }) => {
      const cell = cells.find((each) => each.caller === caller && each.request === request)
      if (cell === undefined) return '–'
      const { seen, declared, answer, by } = cell
      const right = `${seen === 'served' ? '✓' : '✕'} ${nameOutcome(seen)}`
      const wrong = `!! ${nameOutcome(seen)}, declared: ${nameOutcome(declared)}`
      const declares = by.map((name) => numbers.get(name)).join(', ')
      return `${seen === declared ? right : wrong} ${declares} ${answer}`
    }),
  )
}

const open = useBrowser()

describe.skipIf(!hasChromium)('the page', () => {
  test('is one file that asks nobody for anything, and the console stays silent', async () => {
    const { page, asked, problems } = await open(makeReport())
    expect(asked).toEqual([page.url()])
    expect(problems).toEqual([])
  })

  test.each([
    { what: 'holds', report: makeReport() },
    { what: 'does not hold', report: makeBrokenReport() },
  ])('has every cell of a report that $what, with scripts switched off', async ({ report }) => {
    const { page } = await open(report, { javaScriptEnabled: false })
    const texts = await page.locator('td').allTextContents()
    expect(squeeze(texts)).toEqual(listCells(report))
  })

  test('can be read by its headings and by the heads of its rows and columns', async () => {
    const report = makeReport()
    const { page } = await open(report)
    const find = (role: 'heading' | 'rowheader' | 'columnheader' | 'img') =>
      page.getByRole(role).allTextContents()
    expect(await find('heading')).toEqual([
      'Who gets a signature',
      'How far each caller gets with POST /sign',
      'Who may do what',
      'The locks',
      'What declares it',
    ])
    expect(squeeze(await find('rowheader'))).toEqual(
      report.callers.map(({ name, shows }) => `${name} shows ${shows}`),
    )
    expect(squeeze(await find('columnheader'))).toEqual([
      'caller',
      ...report.requests.map(({ method, path, of }) => `${method} ${path} ${of}`),
    ])
    const picture = page.getByRole('img', { name: 'How far each caller gets with POST /sign' })
    expect(await picture.count()).toBe(1)
  })

  test('says that it holds, when and where', async () => {
    const { page } = await open(makeReport())
    expect(await page.locator('.holds').textContent()).toContain('Holds')
    const figures = squeeze(await page.locator('.figures div').allTextContents())
    expect(figures).toEqual([
      'as declared73 of 73',
      'refused60',
      'resources in place11 of 11',
      'signatures without right0',
    ])
    expect(await page.getByText('MISSING').count()).toBe(0)
    expect(squeeze(await page.locator('footer div').allTextContents())).toEqual([
      'taken2026-03-14 15:09:26 UTC, in 41 s',
      'clusterhttps://10.0.0.1:6443',
      'Istio1.30.4',
    ])
  })

  test('says why it does not hold, and what is missing', async () => {
    const { page } = await open(makeBrokenReport())
    expect(await page.locator('.holds').textContent()).toContain('DOES NOT HOLD, for 5 reasons')
    expect(await page.locator('.disagreements li').count()).toBe(5)
    expect(await page.locator('.missing').allTextContents()).toEqual([
      'AuthorizationPolicy/allow-nothing MISSING',
    ])
  })

  test('numbers a resource that a cell names and nobody looked for', async () => {
    const report = makeReport()
    const { page } = await open({ ...report, declarations: [] })
    const states = await page.locator('.resources .state').allTextContents()
    expect(new Set(states)).toEqual(new Set(['not looked for']))
    expect(await page.locator('sup', { hasText: /\b0\b/ }).count()).toBe(0)
  })

  test('shows markup in a report as the text that it is', async () => {
    const attack = `<script>alert(1)</script><img src=x onerror="alert(2)">'"&amp;`
    const report = breakCell(makeReport(), ['world', 'sign'], 'served', attack)
    const texts = (text: string) => ({ id: text, name: text, shows: text })
    const { page, asked, problems } = await open({
      ...report,
      takenAt: attack,
      cluster: attack,
      istio: attack,
      callers: [...report.callers, texts(attack)],
      requests: [...report.requests, { id: attack, method: attack, path: attack, of: 'signer' }],
      declarations: [...report.declarations, { resource: attack, inPlace: false }],
    })
    expect(await page.locator('script, img, [onerror]').count()).toBe(0)
    const row = page.getByRole('rowheader').last()
    expect(squeeze([(await row.textContent()) ?? ''])).toEqual([`${attack} shows ${attack}`])
    expect(await page.locator('.lane').last().getAttribute('data-lane')).toBe(attack)
    expect(asked).toEqual([page.url()])
    expect(problems).toEqual([])
  })

  test('of a report of nothing does not hold', async () => {
    const { page } = await open({ ...makeReport(), callers: [], requests: [], cells: [] })
    expect(await page.locator('.holds').textContent()).toContain('DOES NOT HOLD')
    expect(await page.locator('.disagreements').textContent()).toBe(
      'Nobody was asked for anything.',
    )
  })
})
