// AWS accepts connections, and answers nothing. Its SDK has no time limit.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { readKeySecret } from '../../../../tools/deploy/keys/key-secret.ts'
import { underLoad } from '../../../support/cluster/signing.ts'
import { OUTAGE_MS } from '../../../support/timeouts.ts'
import type { Session } from '../session.ts'
import type { Aws } from './aws.ts'

/** After the first, the next read is under way. During the second, two more are due. */
const [UNTIL_READ_MS, SILENCE_MS] = [80_000, 120_000]

export function testSilence(load: () => Session<Aws>): void {
  test('while AWS accepts connections and stays silent the keys stay, and one of the alerts is true', {
    timeout: OUTAGE_MS,
  }, async () => {
    const { manager, operator, value, arrive } = load()
    const good = await value.read()
    const summary = await underLoad('AWS silent', value.keys, async () => {
      await manager.entrance.whileSilent(async () => {
        await sleep(UNTIL_READ_MS)
        const before = await operator.countReads()
        await sleep(SILENCE_MS)
        const count = (await operator.countReads()) - before
        const isNotReady = await operator.isNotReady()
        console.info(`${SILENCE_MS} ms silent: ${count} reads, Ready is False: ${isNotReady}`)
        expect(isNotReady || count === 0).toBe(true)
        expect((await readKeySecret()).data).toEqual(good)
      })
      const id = await value.addKey()
      await arrive('AWS answers again', { every: 'holds', id })
    })
    expect(summary).toMatchObject({ failed: 0 })
  })
}
