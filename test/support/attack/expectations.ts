// What every batch must show, whatever is attacked.
import { expect, test } from 'vitest'
import type { BatchResult } from '../../../tools/verify/attack/batch.ts'

/** Tests the controls around a batch. */
export function testServedAround(load: () => BatchResult<unknown>): void {
  test.each(['before', 'after'] as const)('the frontend gets its signature %s', (when) => {
    const { status, signature, expected } = load()[when]
    expect({ status, signature }).toEqual({ status: 200, signature: expected })
  })
}

/** Tests the controls around a batch, and that the signer has signed nothing for the attacks. */
export function testControls(load: () => BatchResult<unknown>): void {
  testServedAround(load)
  test('nothing of it was signed', () => {
    expect(load().reached.filter(({ count }) => count > 0)).toEqual([])
    expect(load().signed).toBe(0)
  })
}

/** Tests that the mesh has refused: where the signer itself must not even be asked. */
export function testNothingReached(load: () => BatchResult<unknown>): void {
  test('nothing of it reached the signer', () => expect(load().reached).toEqual([]))
}
