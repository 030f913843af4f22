// What a load left in the counter and in the audit log.
import { expect, test } from 'vitest'
import { compareRecords } from '../../../../tools/verify/bench/compare-records.ts'

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
