// Whatever opens or weakens raises an alert within a minute.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Change, changes, findChange, makeChanges, undoChanges } from './changes.ts'
import { listFiring } from './queries.ts'

const limitMs = 60_000

export function testChanges(): void {
  let seconds: Map<Change, number>
  beforeAll(async () => {
    // Otherwise an alert would tell of something else.
    expect((await listFiring()).filter(findChange)).toEqual([])
    seconds = await makeChanges(limitMs)
  })
  afterAll(undoChanges)

  test.each(changes)('$what: $alert within a minute', (change) => {
    expect(seconds.get(change)).toBeLessThan(limitMs / 1000)
  })
}
