// The table of `make matrix` highlights what is not as declared, and its last line is the verdict.
import { PassThrough } from 'node:stream'
import { WriteStream } from 'node:tty'
import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { formatTable } from '../../../tools/verify/matrix/terminal.ts'
import { breakCell, makeBrokenReport, makeReport } from '../../support/matrix/sample-report.ts'

// A terminal with colours on every machine. Node would reduce them for the variables CI and TMUX.
const getColorDepth = () =>
  WriteStream.prototype.getColorDepth({
    TERM: 'xterm-256color',
    ...(process.env.NO_COLOR === undefined ? {} : { NO_COLOR: process.env.NO_COLOR }),
  })
const terminal = Object.assign(new PassThrough(), { isTTY: true, getColorDepth })
const file = new PassThrough()
const format = (report = makeReport()) => formatTable(report, file)
const lastLine = (text: string) => text.split('\n').at(-1)

beforeEach(() => {
  vi.stubEnv('FORCE_COLOR', undefined)
  vi.stubEnv('NO_COLOR', undefined)
})
afterEach(() => vi.unstubAllEnvs())

describe('a report that holds', () => {
  test('has a row for each caller, with the result of each request', () => {
    const rows = format().split('\n')
    expect(rows.slice(0, 3).map((row) => row.split(/ {2,}/))).toEqual([
      ['', ...Array(6).fill('signer'), 'frontend'],
      ['', 'POST', 'POST', 'POST', 'GET', 'GET', 'GET', 'POST'],
      ['caller', '/sign', '/sign/batch', '/verify', '/keys', '/metrics', '/readyz', '/process'],
    ])
    const find = (id: string) => rows.find((row) => row.startsWith(`${id} `))?.split(/ {2,}/)
    expect(find('application')).toEqual(['application', ...Array(6).fill('✓ served'), '–'])
    expect(find('non-mesh')).toEqual(['non-mesh', ...Array(7).fill('✕ mTLS')])
    expect(find('public')).toEqual(['public', ...Array(6).fill('✕ route'), '✓ served'])
    expect(find('same-account')?.slice(4, 7)).toEqual(['✕ pairing', '✓ served', '✓ served'])
  })

  test('ends with the verdict, and has no disagreement', () => {
    expect(lastLine(format())).toBe(
      'holds: 73 of 73 as declared, 60 refused, 0 unauthorized signatures',
    )
    expect(format().split('not as declared')).toHaveLength(2) // in the legend
  })

  test('says what nothing could measure', () => {
    expect(format()).not.toContain('note:')
    const notes = ['the image of web has no Node']
    expect(format({ ...makeReport(), notes })).toContain('\nnote: the image of web has no Node\n')
  })

  test('explains the callers and the controls', () => {
    expect(format()).toMatch(
      /^ {2}public +a public client, through the ingress gateway; shows the/m,
    )
    expect(format()).toMatch(/^ {2}pairing is in the signer/m)
  })
})

describe('a report that does not hold', () => {
  test('highlights the cell', () => {
    const rows = format(
      breakCell(makeReport(), ['other-namespace', 'sign'], 'served', '200'),
    ).split('\n')
    const at = rows.findIndex((row) => row.startsWith('other-namespace '))
    const cells = rows
      .slice(at, at + 3)
      .map((row) => row.slice('other-namespace-forged'.length, 35))
    expect(cells.map((cell) => cell.trim())).toEqual(['!! served,', 'declared:', 'policy'])
  })

  test('describes each disagreement, with the resources that declare the cell', () => {
    const text = format(makeBrokenReport()).replace(/\s+/g, ' ')
    expect(text).toContain(
      '!! a mesh Pod in another namespace: POST /sign of the signer was served (200); declared by ' +
        'AuthorizationPolicy/signer-allow-nothing and AuthorizationPolicy/signer-allow-caller: refused by policy.',
    )
    expect(text).toContain(
      '!! the frontend container: POST /sign of the signer was neither served nor refused ' +
        '(503 no healthy upstream); declared by AuthorizationPolicy/signer-allow-caller: served.',
    )
    expect(text).toContain('!! The signer made 1 unauthorized signature.')
  })

  test('names resources that are missing on the cluster', () => {
    expect(format(makeBrokenReport())).toContain(
      '!! AuthorizationPolicy/signer-allow-nothing is not on the cluster.',
    )
  })

  test.each([
    {
      why: 'everything at once',
      report: makeBrokenReport(),
      verdict: '70 of 73 as declared, 59 refused, 1 of 11 missing, 1 unauthorized signature',
    },
    {
      why: 'an unauthorized signature alone',
      report: { ...makeReport(), unauthorizedSignatures: 2 },
      verdict: '73 of 73 as declared, 60 refused, 2 unauthorized signatures',
    },
    {
      why: 'no request was sent',
      report: { ...makeReport(), cells: [] },
      verdict: '0 of 0 as declared, 0 refused, 0 unauthorized signatures',
    },
  ])('ends with the verdict: $why', ({ report, verdict }) => {
    expect(lastLine(format(report))).toBe(`DOES NOT HOLD: ${verdict}`)
  })
})

describe('the text', () => {
  test.each([
    { what: 'holds', report: makeReport() },
    { what: 'does not hold', report: makeBrokenReport() },
  ])('of a report that $what fits 120 columns', ({ report }) => {
    const lines = format(report).split('\n')
    expect(lines.filter(({ length }) => length > 120)).toEqual([])
    expect(lines.filter((line) => line !== line.trimEnd())).toEqual([])
  })

  test('fits 120 columns, also with long names', () => {
    const report = makeReport()
    const callers = [{ id: 'x'.repeat(30), name: 'x'.repeat(300), shows: 'x '.repeat(300) }]
    const lines = format({ ...report, callers }).split('\n')
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(120)
  })

  test('has colours in a terminal, and the same words', () => {
    const coloured = formatTable(makeBrokenReport(), terminal)
    const plain = format(makeBrokenReport())
    expect(coloured).not.toBe(plain)
    const trim = (text: string) => text.replace(/ +$/gm, '')
    expect(trim(stripVTControlCharacters(coloured))).toBe(plain)
  })

  test('has no colours in a file, or with NO_COLOR', () => {
    expect(format(makeBrokenReport())).toBe(stripVTControlCharacters(format(makeBrokenReport())))
    vi.stubEnv('NO_COLOR', '1')
    expect(formatTable(makeBrokenReport(), terminal)).toBe(format(makeBrokenReport()))
  })

  test('shows control characters of an answer as question marks', () => {
    const answer = '200 \u001b[2J\u001b[1;1Hholds\u202e\r\n'
    const text = format(breakCell(makeReport(), ['other-namespace', 'sign'], 'served', answer))
    expect(text).not.toMatch(/[^\P{C}\n]/u)
    expect(text).toContain('(200 ?[2J?[1;1Hholds???)')
  })
})
