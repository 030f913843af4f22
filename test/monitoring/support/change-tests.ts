// Whatever opens or weakens raises an alert within a minute.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { ALERT_MS } from '../../support/timeouts.ts'
import { type Change, changes, findChange, makeChanges, undoChanges } from './changes.ts'
import { listFiring, query } from './queries.ts'

const limitMs = 60_000
const OLD_MS = 330_000
/** What is added within five minutes of the first policy counts as a part of the first deployment. */
const isOld = 'time() - min(signing:policy:created) > 300'

export function testChanges(): void {
  let seconds: Map<Change, number>
  beforeAll(async () => {
    await waitFor(
      async () => (await query(isOld)).length > 0 || undefined,
      OLD_MS,
      () => 'the deployment stays new',
    )
    // Otherwise an alert would tell of something else.
    expect((await listFiring()).filter(findChange)).toEqual([])
    seconds = await makeChanges(limitMs)
  }, OLD_MS + ALERT_MS)
  afterAll(undoChanges)

  test.each(changes)('$what: $alert within a minute', (change) => {
    expect(seconds.get(change)).toBeLessThan(limitMs / 1000)
  })
}
