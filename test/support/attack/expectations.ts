// What every attack must show: the frontend is served before and after it, and the signer signs nothing for it.

import { beforeAll, expect, test } from 'vitest'
import type { Outcome } from '../../../tools/verify/attack/probe.ts'
import { describeOutcome } from '../../../tools/verify/attack/requests.ts'
import { type BatchResult, runBatch } from './batch.ts'

type Attack<T> = Parameters<typeof runBatch<T>>[0]

export function testServedAround(load: () => BatchResult<unknown>): void {
  test.each(['before', 'after'] as const)('the frontend gets its signature %s', (when) => {
    const { status, signature, expected } = load()[when]
    expect({ status, signature }).toEqual({ status: 200, signature: expected })
  })
}

/** Tests that the frontend is served around an attack, and that the signer has signed nothing for the attack. */
export function testControls(load: () => BatchResult<unknown>): void {
  testServedAround(load)
  test('nothing of it was signed', () => {
    expect(load().reached.filter(({ count }) => count > 0)).toEqual([])
    expect(load().signed).toBe(0)
  })
}

/** Tests that the mesh has refused, so that the signer was not even asked. */
export function testNothingReached(load: () => BatchResult<unknown>): void {
  test('nothing of it reached the signer', () => expect(load().reached).toEqual([]))
}

/** Runs an attack before the tests, and tests the controls. Returns a function that gives the result. */
export function testAttack<T>(attack: Attack<T>, ms?: number): () => BatchResult<T> {
  let batch: BatchResult<T>
  beforeAll(async () => {
    batch = await runBatch(attack)
  }, ms)
  testControls(() => batch)
  return () => batch
}

/** The same for an attack that must not reach the signer. */
export function testAttackOnMesh<T>(attack: Attack<T>, ms?: number): () => BatchResult<T> {
  const load = testAttack(attack, ms)
  testNothingReached(load)
  return load
}

/** One test for each name: its outcome is one of `expected`, e.g. "403" or "closed". `title` ends with "%s". */
export function testOutcomes(
  title: string,
  names: readonly string[],
  load: () => BatchResult<readonly Outcome[] | Record<string, Outcome>>,
  expected: readonly string[],
): void {
  test.each(names.map((name, index) => [name, index] as const))(title, (name, index) => {
    const { outcomes } = load()
    const outcome = Array.isArray(outcomes)
      ? outcomes[index]
      : outcomes[name as keyof typeof outcomes]
    expect(expected).toContain(describeOutcome(outcome as Outcome))
  })
}
