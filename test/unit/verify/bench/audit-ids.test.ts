// The request ids of signatures, from a log as the container runtime writes it.
import { expect, test } from 'vitest'
import {
  compareRecords,
  joinLines,
  listSignedIds,
} from '../../../../tools/verify/bench/audit-ids.ts'

const time = '2026-11-29T12:35:16.935617137Z'
const line = (fields: object) => JSON.stringify({ event: 'audit', ...fields })
const lone = line({ request_id: 'a', outcome: 'signed', count: 1 })
const collected = line({ request_id: 'b', outcome: 'signed', count: 2, request_ids: ['c', 'd'] })
const failed = line({ request_id: 'e', outcome: 'invalid_request', request_ids: ['f'], count: 0 })

test('each signature has one id, alone or in a call with others', () => {
  const log = [lone, '{"event":"keys_loaded"}', collected, failed].map(
    (each) => `${time} stdout F ${each}\n`,
  )
  expect(listSignedIds(joinLines(log.join('')))).toEqual(['a', 'c', 'd'])
})

test('a line that the runtime has split is one line', () => {
  const log = [
    `${time} stdout P ${collected.slice(0, 20)}`,
    `${time} stderr F a warning of Node`,
    `${time} stdout P ${collected.slice(20, 40)}`,
    `${time} stdout F ${collected.slice(40)}`,
    `${time} stdout F ${lone}`,
  ]
  expect(joinLines(`${log.join('\n')}\n`)).toEqual([collected, lone])
})

test('a line without its id is an error, and not a missing id', () => {
  expect(() => listSignedIds([line({ outcome: 'signed' })])).toThrow('request_id')
})

test.each([
  ['a lost line', { served: 3, signatures: 3, ids: ['a', 'b'] }],
  ['a line for two answers', { served: 3, signatures: 3, ids: ['a', 'b', 'b'] }],
  ['a signature that was not counted', { served: 3, signatures: 2, ids: ['a', 'b', 'c'] }],
  ['a signature that nobody got', { served: 3, signatures: 4, ids: ['a', 'b', 'c', 'd'] }],
])('%s is not on record', (_, found) => {
  expect(() => compareRecords(3, found)).toThrow('not every signature is on record')
})

test('every signature is on record', () => {
  const found = { served: 3, signatures: 3, ids: ['a', 'b', 'c'] }
  expect(compareRecords(3, found)).toContain('3 messages, 3 signatures, 3 request ids')
})
