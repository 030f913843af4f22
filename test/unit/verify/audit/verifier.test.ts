// What the verification of the audit log says of logs that are incomplete, mixed or forged.
import { createSecretKey, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Report } from '../../../../tools/verify/audit/audit-verifier.ts'
import { formatFault } from '../../../../tools/verify/audit/fault.ts'
import { formats } from '../../../support/audit/formats.ts'
import { auditKey, forge, makeSigner } from '../../../support/audit/records.ts'
import { verifyTexts } from '../../../support/audit/verify-text.ts'

const { lines, instance } = makeSigner().work(20)
const join = (texts: readonly string[]) => texts.map((text) => `${text}\n`).join('')
const log = join(lines)
const shipped = formats.filter(({ isShipped }) => isShipped)
const listFaults = ({ faults }: Report) => faults.shown.map(formatFault)

describe('intact', () => {
  test('the same records from several sources count once', async () => {
    const sources = [log, ...formats.map(({ write }) => write(lines))].map((text) => [text])
    const report = await verifyTexts(sources)
    expect(listFaults(report)).toEqual([])
    expect(report).toMatchObject({ records: 20, instances: [{ records: 20, last: 20 }] })
  })

  test.each(shipped)('records that came again: $name', async ({ write }) => {
    const again = [...lines.slice(0, 9), ...lines.slice(3, 9), ...lines.slice(9)]
    expect(listFaults(await verifyTexts([[write(again)]]))).toEqual([])
  })

  test('a front that kubelet has removed is reported', async () => {
    const report = await verifyTexts([[join(lines.slice(7))]])
    expect(report.faults.count).toBe(0)
    expect(report.fronts.map(formatFault)).toEqual([
      `instance ${instance}: seq 1 to 7 are missing, 7 records`,
    ])
  })

  test.each([
    ['compressed', gzipSync(log)],
    [
      'in UTF-16 with a byte order mark, as PowerShell writes',
      Buffer.from(`\uFEFF${log}`, 'utf16le'),
    ],
    ['with line breaks of Windows', log.replaceAll('\n', '\r\n')],
    ['after binary data', Buffer.concat([randomBytes(999), Buffer.from(`\n${log}`)])],
  ])('a file %s', async (_, text) => {
    const report = await verifyTexts([[text]])
    expect(listFaults(report)).toEqual([])
    expect(report.records).toBe(20)
  })

  test('a record whose parts are in two files', async () => {
    const cri = formats.find(({ name }) => name.startsWith('kubelet'))?.write(lines) ?? ''
    const middle = cri.indexOf('\n', cri.indexOf(' P ')) + 1
    expect(await verifyTexts([[cri.slice(0, middle), cri.slice(middle)]])).toMatchObject({
      ...{ records: 20, faults: { count: 0 }, cuts: [] },
    })
  })

  test('chains with the audit key of before', async () => {
    const old = createSecretKey(randomBytes(32))
    const before = makeSigner(old).work(5).lines
    const report = await verifyTexts([[join([...before, ...lines])]], undefined, [auditKey, old])
    expect(report).toMatchObject({ records: 25, faults: { count: 0 } })
  })
})

describe('faults', () => {
  test('have file, line, instance and seq', async () => {
    const edited = lines.with(4, lines[4]?.replace('omitted', 'refused') ?? '')
    expect(listFaults(await verifyTexts([[join(edited)]]))).toEqual([
      `0-0.log:5: instance ${instance} seq 5: edited or forged: its MAC does not fit`,
    ])
  })

  test('deleted records are named', async () => {
    const rest = lines.filter((_, index) => index !== 4 && (index < 9 || index > 11))
    expect(listFaults(await verifyTexts([[join(rest)]]))).toEqual([
      `instance ${instance}: deleted: seq 5 is missing`,
      `instance ${instance}: deleted: seq 10 to 12 are missing, 3 records`,
    ])
  })

  test('an edited copy is found beside the genuine record', async () => {
    const edited = lines.with(4, lines[4]?.replace('omitted', 'refused') ?? '')
    expect(listFaults(await verifyTexts([[log], [join(edited)]]))).toEqual([
      expect.stringMatching(/^1-0\.log:5: .* another record with this seq is genuine$/),
    ])
  })

  test('a line that comes again in a log of the signer', async () => {
    const again = join([...lines.slice(0, 8), ...lines.slice(5, 6), ...lines.slice(8)])
    expect(listFaults(await verifyTexts([[again]]))).toEqual([
      `0-0.log:9: instance ${instance} seq 6: out of order: it comes after seq 8`,
    ])
  })

  test('a log of the signer with the newest line first says how to reverse it', async () => {
    const [fault, ...rest] = listFaults(await verifyTexts([[join(lines.toReversed())]]))
    expect(rest).toEqual([])
    expect(fault).toContain('the file begins with its newest lines. Reverse it')
  })

  test.each(shipped)('mixed up lines of a query say how to sort: $name', async ({ write }) => {
    const mixed = [...lines.slice(10), ...lines.slice(0, 10)]
    const [fault] = listFaults(await verifyTexts([[write(mixed)]]))
    expect(fault).toContain('let it sort by time and then by seq')
  })

  test('a MAC that was removed', async () => {
    const bare = lines.with(4, lines[4]?.replace(/,"mac":"[^"]+"/, '') ?? '')
    expect(listFaults(await verifyTexts([[join(bare)]]))).toContain(
      `0-0.log:5: instance ${instance} seq 5: without a MAC, in a chain that has MACs`,
    )
  })

  test('a line that is made to look as if a log shipper had parsed it', async () => {
    const parsed = lines.with(
      4,
      JSON.stringify({ log: JSON.parse(lines[4] ?? ''), stream: 'stdout' }),
    )
    expect(listFaults(await verifyTexts([[join(parsed)]]))).toEqual([
      expect.stringContaining('edited: other lines of this file are as the signer writes them'),
    ])
  })

  test('a thief of the audit key is found beside the genuine records', async () => {
    const forged = forge(lines[3] ?? '', { caller: 'someone' })
    expect(listFaults(await verifyTexts([[log], [forged]]))).toEqual([
      expect.stringContaining('forged with the audit key: two records with this seq'),
    ])
    const others = lines.toSpliced(3, 1)
    expect(listFaults(await verifyTexts([[join(others)], [forged]]))).toEqual([
      expect.stringContaining('forged with the audit key: its MAC fits, but the records before'),
    ])
  })

  test('a record whose numbers do not agree', async () => {
    const { write, work } = makeSigner()
    write({}, { outcome: 'signed', count: 2, fingerprints: ['a'.repeat(24)] })
    write(
      {},
      { outcome: 'signed', count: 1, fingerprints: ['a'.repeat(24)], request_ids: ['a', 'b'] },
    )
    write(
      {},
      { outcome: 'signed', count: 1, fingerprints: ['a'.repeat(24)], consumers: ['a', 'b'] },
    )
    const report = await verifyTexts([[join(work(0).lines)]])
    expect(listFaults(report)).toEqual([
      expect.stringContaining('count is 2, but the record has 1 fingerprints'),
      expect.stringContaining('count is 1, but the list of ids has another length'),
      expect.stringContaining('count is 1, but the list of consumers has another length'),
    ])
  })

  test('another audit key is an error that says so', async () => {
    const many = makeSigner().work(1_000).lines
    await expect(
      verifyTexts([[join(many)]], undefined, [createSecretKey(randomBytes(32))]),
    ).rejects.toThrow('fits the audit key')
  })
})

test('records of version 0.1 and of signers without an audit key cannot be verified', async () => {
  const bare = makeSigner(null).work(5).lines
  const old =
    '{"time":"1970-01-01T00:00:00.000Z","event":"audit","requestId":"a","caller":"b","route":"POST /sign","outcome":"signed","count":1,"keyId":"key-1"}'
  const report = await verifyTexts([[join([old, ...bare, ...lines])]])
  expect(listFaults(report)).toEqual([])
  expect(report).toMatchObject({ records: 20, unchained: { count: 6, first: { line: 1 } } })
})

test('a record that a killed signer has not completed is reported', async () => {
  const { lines: next } = makeSigner().work(5)
  const text = join([...lines.slice(0, 19), lines[19]?.slice(0, 60) ?? '', ...next])
  const report = await verifyTexts([[text]])
  expect(report).toMatchObject({
    records: 24,
    faults: { count: 0 },
    cuts: [{ place: { line: 20 } }],
  })
})

test('a file that ends within a record is reported, because a copy may', async () => {
  for (const { write, isShipped } of formats.slice(0, 8)) {
    const text = write(isShipped ? lines : lines.slice(0, 19))
    const report = await verifyTexts([[text.slice(0, -60)]])
    expect(report).toMatchObject({ faults: { count: 0 }, cuts: [{ text: expect.anything() }] })
  }
})
