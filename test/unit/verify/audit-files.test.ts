// Lines of the audit log, as the container runtime writes them.
import { expect, test } from 'vitest'
import { joinLines } from '../../../tools/verify/attack/audit-files.ts'
import { parseAuditLog } from '../../../tools/verify/attack/audited-requests.ts'

const time = '2026-11-29T12:35:16.935617137Z'
const [first, second] = ['{"event":"audit","request_id":"a"}', '{"event":"audit","request_id":"b"}']

test('a line that the runtime has split is one line', () => {
  const log = [
    `${time} stdout P ${first.slice(0, 10)}`,
    `${time} stderr F a warning of Node`,
    `${time} stdout P ${first.slice(10, 20)}`,
    `${time} stdout F ${first.slice(20)}`,
    `${time} stdout F ${second}`,
  ]
  expect(joinLines(`${log.join('\n')}\n`)).toEqual([first, second])
})

test('a line without its id is an error, and not a missing id', () => {
  const line = JSON.stringify({ event: 'audit', time, outcome: 'signed' })
  expect(() => parseAuditLog(line)).toThrow('request_id')
})
