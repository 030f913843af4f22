// While the manager or the controller is away, the keys stay. Both come back without help.
import { expect, test } from 'vitest'
import { readKeySecret } from '../../../tools/deploy/keys/key-secret.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { restartPods } from '../../../tools/verify/faults/support/pods.ts'
import { underLoad } from '../../support/cluster/signing.ts'
import { timed } from '../../support/timed.ts'
import { OUTAGE_MS } from '../../support/timeouts.ts'
import { readAgain, readWarnings } from './external-secret.ts'
import type { Session } from './session.ts'

export function testOutages(load: () => Session): void {
  test('while the manager is away the keys stay, the alert is true and new Pods start, and all ends without help', {
    timeout: 2 * OUTAGE_MS,
  }, async () => {
    const { manager, operator, value, bringKey } = load()
    const good = await value.read()
    // So that all of the minute until the next read passes.
    await readAgain()
    const start = new Date()
    const summary = await underLoad('the manager away', value.keys, async () => {
      await manager.goAway()
      try {
        await timed('the manager away: the alert is true', () => waitForAlert(true))
        await restartPods()
        expect((await readKeySecret()).data).toEqual(good)
      } finally {
        await manager.comeBack()
      }
      console.info(`the manager was away for ${Date.now() - start.getTime()} ms`)
      await timed('the manager back: the alert is over', () => waitForAlert(false))
      await bringKey('the manager back')
    })
    expect(summary).toMatchObject({ failed: 0 })
    expect((await readWarnings(start)).join('\n')).toMatch(manager.says.away)

    function waitForAlert(wanted: boolean): Promise<true> {
      const ask = async () => (await operator.isNotReady()) === wanted || undefined
      return waitFor(ask, OUTAGE_MS, () => `the alert is not ${wanted}`)
    }
  })

  test('while External Secrets is down the keys stay, and changes arrive when it is back', async () => {
    const { operator, value, arrive } = load()
    const good = await value.read()
    const summary = await underLoad('External Secrets down', value.keys, async () => {
      let id: string
      await operator.stop()
      try {
        id = await value.addKey()
        await restartPods()
        expect((await readKeySecret()).data).toEqual(good)
      } finally {
        await operator.start()
      }
      await arrive('External Secrets back', { every: 'holds', id })
    })
    expect(summary).toMatchObject({ failed: 0 })
  })
}
