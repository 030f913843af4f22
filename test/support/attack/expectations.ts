// Expectations of every attack: the frontend gets its signature before and after it, and the attack gets none.
import { beforeAll, expect, test } from 'vitest'
import type { Outcome } from '../../../tools/verify/attack/probe.ts'
import { describeOutcome } from '../../../tools/verify/attack/requests.ts'
import { type BatchResult, runBatch } from './batch.ts'

type Attack<T> = Parameters<typeof runBatch<T>>[0]

/** Tests that the frontend gets its signature before and after an attack. */
export function testServedAround(load: () => BatchResult<unknown>): void {
  test.each(['before', 'after'] as const)('the frontend gets its signature %s', (when) => {
    const { status, signature, expected } = load()[when]
    expect({ status, signature }).toEqual({ status: 200, signature: expected })
  })
}

/** Runs an attack before the tests. Tests that it gets no signature. Returns a function that loads the result. */
export function testAttack<T>(attack: Attack<T>, ms?: number): () => BatchResult<T> {
  let batch: BatchResult<T>
  beforeAll(async () => {
    batch = await runBatch(attack)
  }, ms)
  testServedAround(() => batch)
  test('the signer signs nothing for the attack', () => {
    expect(batch.reached.filter(({ count }) => count > 0)).toEqual([])
    expect(batch.signed).toBe(0)
  })
  return () => batch
}

/** The same for an attack that the mesh must stop. */
export function testAttackOnMesh<T>(attack: Attack<T>, ms?: number): () => BatchResult<T> {
  const load = testAttack(attack, ms)
  test('nothing of the attack reaches the signer', () => expect(load().reached).toEqual([]))
  return load
}

/** Tests each name: `read` returns an outcome among `expected`, e.g. "403" or "closed". `title` ends with "%s". */
export function testOutcomes(
  title: string,
  names: readonly string[],
  read: (name: string) => Outcome | undefined,
  expected: readonly string[],
): void {
  test.each(names)(title, (name) => {
    expect(expected).toContain(describeOutcome(read(name) as Outcome))
  })
}
