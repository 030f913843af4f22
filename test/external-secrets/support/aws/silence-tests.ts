// AWS accepts connections, and answers nothing. Its SDK has no time limit.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { readKeySecret } from '../../../../tools/deploy/keys/key-secret.ts'
import { underLoad } from '../../../support/cluster/signing.ts'
import { OUTAGE_MS } from '../../../support/timeouts.ts'
import { readAgain } from '../external-secret.ts'
import type { Session } from '../session.ts'
import type { Aws } from './aws.ts'

/** Three reads are due after this. */
const SILENCE_MS = 200_000

export function testSilence(load: () => Session<Aws>): void {
  test('while AWS accepts connections and stays silent the keys stay, and one of the alerts is true', {
    timeout: OUTAGE_MS,
  }, async () => {
    const { manager, operator, value, arrive } = load()
    const good = await value.read()
    await readAgain()
    const before = await operator.countReads()
    const summary = await underLoad('AWS silent', value.keys, async () => {
      await manager.entrance.whileSilent(async () => {
        await sleep(SILENCE_MS)
        const count = (await operator.countReads()) - before
        const isNotReady = await operator.isNotReady()
        console.info(`silent for ${SILENCE_MS} ms: ${count} reads, Ready is False: ${isNotReady}`)
        expect(isNotReady || count <= 1).toBe(true)
        expect((await readKeySecret()).data).toEqual(good)
      })
      const id = await value.addKey()
      await arrive('AWS answers again', { every: 'holds', id })
    })
    expect(summary).toMatchObject({ failed: 0 })
  })
}
