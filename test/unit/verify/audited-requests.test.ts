// The audit log names each request once, whether it came alone or in a call with others.
import { expect, test } from 'vitest'
import { parseAuditLog } from '../../../tools/verify/attack/audited-requests.ts'
import { post } from '../../support/services/http.ts'
import { makeRecordedSignerApp } from '../../support/services/signer-app.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const traceparent = `00-${'b'.repeat(32)}-00f067aa0ba902b7-01`

test('the requests of a call are found under their own ids, as if each came alone', async () => {
  const { app, writes } = makeRecordedSignerApp()
  const call = { 'x-request-id': 'call', traceparent }
  const items = [
    { request_id: 'a', message: 'a', trace_id: traceId },
    { request_id: 'b', message: 'b', key_id: 'unknown' },
    { request_id: 'c', message: 'c' },
  ]
  await post(app, '/sign', { message: 'a' }, { 'x-request-id': 'alone', traceparent })
  await post(app, '/sign/batch', { items }, call)
  await post(app, '/sign/batch', { messages: ['a', 'b'] }, { 'x-request-id': 'batch' })
  const log = ['{"event":"listening"}\n', ...writes, 'a line that is no JSON\n'].join('')
  const found = parseAuditLog(log).map((each) => {
    return [each.request_id, each.outcome, each.count, each.key_id, each.trace_id]
  })
  expect(found).toEqual([
    ['alone', 'signed', 1, 'new', 'b'.repeat(32)],
    ['a', 'signed', 1, 'new', traceId],
    ['c', 'signed', 1, 'new', undefined],
    ['b', 'invalid_request', 0, undefined, undefined],
    ['batch', 'signed', 2, 'new', undefined],
  ])
})

test('a line without its id is an error, and not a missing id', () => {
  const line = JSON.stringify({
    event: 'audit',
    time: '2026-11-29T12:35:16.935Z',
    outcome: 'signed',
  })
  expect(() => parseAuditLog(line)).toThrow('request_id')
})
