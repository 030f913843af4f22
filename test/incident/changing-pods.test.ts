// Pods that end, start and restart while a freeze comes. Code in each frontend has messages signed as fast as it can.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { kubectl, kubectlJson } from '../../tools/kube/kubectl.ts'
import { container, deployment, namespace } from '../../tools/kube/names.ts'
import { listOf } from '../../tools/kube/resources.ts'
import { ensurePods } from '../../tools/verify/faults/support/pods.ts'
import { ROLLOUT_MS } from '../../tools/verify/faults/support/timeouts.ts'
import { cleanUp } from '../support/clean-up.ts'
import { expectLast, expectLogged, freeze, thaw } from '../support/freeze/freeze.ts'
import { killSigners } from '../support/freeze/freeze-tests.ts'
import { needsLocalCluster } from '../support/skips.ts'
import { followLast, type Signing, startSigning, sumSigned } from './support/sign-from-frontend.ts'

const WATCH_MS = 3_000
/** SIGNER_SHUTDOWN_DELAY_MS and a second. kubelet refreshes no volume of such a Pod, and a second deletion changes nothing. */
const SHUTDOWN_MS = 18_000
const KILL_AFTER_MS = 1_000

type Pod = { name: string; uid: string }

describe('a freeze while Pods change', needsLocalCluster, () => {
  afterEach(async () => {
    await thaw()
    await ensurePods(1)
  })

  test('waits for a Pod that is being deleted, which signs until its shutdown delay ends', async () => {
    const [old] = await listPods()
    if (old === undefined) throw new Error('there is no Pod')
    const signing = await startIn(old)
    await kubectl(['rollout', 'restart', `deployment/${deployment}`, '-n', namespace])
    const condition = '--for=jsonpath={.metadata.deletionTimestamp}'
    const wait = ['wait', 'pod', old.name, '-n', namespace, condition]
    await kubectl([...wait, `--timeout=${ROLLOUT_MS / 1_000}s`], { timeoutMs: ROLLOUT_MS })
    const deleted = Date.now()
    await sleep(1_000)
    expect(sumSigned(await signing.report())).toBeGreaterThan(100)
    const command = freeze('in a rollout')
    const last = await followLast(signing, command)
    const { end } = await command
    console.info(`the Pod that is being deleted: last signature ${last - deleted} ms later`)
    expect(last - deleted).toBeLessThan(SHUTDOWN_MS)
    expect(last).toBeLessThanOrEqual(end)
    const [after, ...others] = await listPods()
    expect(others).toEqual([])
    expect(after?.uid).not.toBe(old.uid)
    await expectNothingSigned(after)
  })

  test('stops two Pods whose signers are killed meanwhile, and a Pod that starts later', async () => {
    await ensurePods(2)
    const pods = await listPods()
    expect(pods).toHaveLength(2)
    const attackers = await Promise.all(pods.map(startIn))
    await sleep(1_000)
    for (const { report } of attackers) expect(sumSigned(await report())).toBeGreaterThan(100)
    const command = freeze('with killed signers')
    const killed = sleep(KILL_AFTER_MS).then(killSigners)
    const lasts = await Promise.all(attackers.map((each) => followLast(each, command)))
    await killed
    const frozen = await command
    for (const last of lasts) expectLast('a Pod of two', frozen, last)
    await ensurePods(3)
    const others = (await listPods()).filter(({ uid }) => !pods.some((each) => each.uid === uid))
    expect(others).toHaveLength(1)
    await expectNothingSigned(others[0])
    for (const { report } of attackers) expect(sumSigned(await report())).toBe(0)
    for (const { uid } of pods) await expectLogged('a Pod of two', frozen, uid)
  })
})

async function startIn({ name }: Pod): Promise<Signing> {
  const signing = await startSigning({ namespace, pod: name, container }, [
    { kind: 'busy', connections: 8, count: 10 },
  ])
  cleanUp(signing.stop)
  return signing
}

async function expectNothingSigned(pod: Pod | undefined): Promise<void> {
  if (pod === undefined) throw new Error('there is no Pod')
  const { report } = await startIn(pod)
  await sleep(WATCH_MS)
  const [tally] = await report()
  expect(tally?.signed).toBe(0)
  expect(tally?.ends.frozen).toBeGreaterThan(10)
}

/** Lists the running Pods without those that are being deleted. */
async function listPods(): Promise<Pod[]> {
  const metadata = z.object({
    ...{ name: z.string(), uid: z.string(), deletionTimestamp: z.string().optional() },
  })
  const running = ['-l', `app=${deployment}`, '--field-selector=status.phase=Running']
  const args = ['get', 'pods', '-n', namespace, ...running, '-o', 'json']
  const found = await kubectlJson(listOf(z.object({ metadata })), args)
  return found.map((pod) => pod.metadata).filter((each) => each.deletionTimestamp === undefined)
}
