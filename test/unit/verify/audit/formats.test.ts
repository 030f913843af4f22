// An intact audit log is intact in every form in which it reaches a file.
import { describe, expect, test } from 'vitest'
import { formats } from '../../../support/audit/formats.ts'
import { makeSigner } from '../../../support/audit/records.ts'
import { verifyTexts } from '../../../support/audit/verify-text.ts'

describe('an intact log', () => {
  test.each(formats)('$name', async ({ write }) => {
    const [first, second] = [makeSigner().work(40), makeSigner().work(60)]
    const report = await verifyTexts([[write(first.lines)], [write(second.lines)]])
    expect(report.faults.shown).toEqual([])
    expect(report).toMatchObject({ records: 100, cuts: [], fronts: [], unchained: { count: 0 } })
    expect(report.signatures).toBe(first.signatures.length + second.signatures.length)
  })
})
