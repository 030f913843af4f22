// No change of an audit log stays unnoticed. The seed of a failed test is in its message.
import { describe, expect, test } from 'vitest'
import type { AuditRecord } from '../../../../tools/verify/audit/record.ts'
import { formats } from '../../../support/audit/formats.ts'
import { changeByte, changes, createRandom, rewrites } from '../../../support/audit/mutations.ts'
import { makeSigner } from '../../../support/audit/records.ts'
import { verifyTexts } from '../../../support/audit/verify-text.ts'

/** Changes of each kind, in each form. */
const COUNT = 200
const hasText = (name: string) => !name.startsWith('parsed') && name !== 'an array'

/** Two Pods. The first has restarted, and kubelet has removed the oldest lines of its first container. */
const signers = [makeSigner(), makeSigner(), makeSigner()].map(({ work }) => work(12))
const logs = signers.map(({ lines }, index) => (index === 0 ? lines.slice(3) : lines))
const total = logs.flat().length

type Write = (lines: readonly string[]) => string

async function isNoticed(files: readonly (readonly (string | Buffer)[])[]): Promise<boolean> {
  const records: AuditRecord[] = []
  const report = await verifyTexts(files, (record) => records.push(record))
  if (report.faults.count + report.cuts.length > 0) return true
  // Without a fault, the records are those that were written.
  const written = new Set(logs.flat())
  const isWhole = records.length === total && report.fronts.length === 1
  return isWhole && records.every((each) => written.has(JSON.stringify(each)))
}

/** The first file of a log has the first half of its lines, as after a rotation. */
function writeFiles(
  lines: readonly string[],
  { isShipped, write }: { isShipped: boolean; write: Write },
) {
  if (isShipped) return [write(lines)]
  const half = Math.ceil(lines.length / 2)
  return [write(lines.slice(0, half)), write(lines.slice(half))]
}

describe.each(formats)('in the form of $name', (format) => {
  const all = { ...changes, ...(hasText(format.name) && rewrites) }

  test.each(Object.entries(all))('%s', async (_, change) => {
    for (let seed = 0; seed < COUNT; seed += 1) {
      const random = createRandom(seed)
      const chosen = random(logs.length)
      const files = logs.map((lines, index) =>
        writeFiles(index === chosen ? change(lines, random) : lines, format),
      )
      const report = await verifyTexts(files)
      expect(report.faults.count, `seed ${seed}`).toBeGreaterThan(0)
    }
  })

  test('a byte is changed', async () => {
    for (let seed = 0; seed < 2 * COUNT; seed += 1) {
      const random = createRandom(seed)
      const files: (string | Buffer)[][] = logs.map((lines) => writeFiles(lines, format))
      const chosen = files[random(files.length)] ?? []
      const at = random(chosen.length)
      chosen[at] = changeByte(Buffer.from(chosen[at] ?? ''), random)
      expect(await isNoticed(files), `seed ${seed}`).toBe(true)
    }
  })
})
