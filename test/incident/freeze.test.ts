// make freeze, make thaw and make rotate-key with the sync frequency that kubelet has everywhere else. Code in the frontend's
// container signs over 24 connections meanwhile.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { readMark } from '../../tools/incident/freeze/marker.ts'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import { findTarget, type Target } from '../../tools/verify/attack/target.ts'
import { saveSecret } from '../../tools/verify/faults/support/key-secret.ts'
import { findInContainer, findOnNode, killProcess } from '../../tools/verify/faults/support/node.ts'
import { ensurePods, findPod } from '../../tools/verify/faults/support/pods.ts'
import { cleanUp } from '../support/clean-up.ts'
import { runMake } from '../support/cluster/make.ts'
import { type Attack, startIn } from '../support/compromise/in-frontend.ts'
import { needsLocalCluster } from '../support/skips.ts'
import type { Tally } from './support/attackers/tally.ts'
import { setSyncFrequency } from './support/kubelet.ts'

const attacker = join(import.meta.dirname, 'support/attackers/sign.ts')
/** The promise, from the start of the command. */
const LAST_MS = 5_000
const REPORT_MS = 100
const WATCH_MS = 2_000
const START = { timeout: 60_000, interval: 500 }

describe('signing', needsLocalCluster, () => {
  let target: Target
  let attack: Attack
  beforeAll(async () => cleanUp(await setSyncFrequency()))
  beforeEach(async () => {
    await ensurePods(1)
    // The mesh may still learn of a new Pod.
    target = await vi.waitFor(() => findTarget(), START)
    attack = await startIn(target.frontend, attacker, [{ kind: 'busy', connections: 24, count: 1 }])
    await attack.read()
    await vi.waitFor(async () => expect((await report()).signed).toBeGreaterThan(100), START)
  })
  afterEach(async () => {
    await attack.stop()
    if ((await readMark()) !== undefined) expect(await runMake('thaw')).toMatchObject({ code: 0 })
  })

  /** What the attacker has got since the last report. */
  async function report(): Promise<Tally> {
    attack.tell('report')
    const [tally] = await attack.read<Tally[]>()
    if (tally === undefined) throw new Error('the attacker reports nothing')
    return tally
  }
  /** Returns the time of the last signature, when the attacker has ended with its container. */
  async function watchToItsEnd(): Promise<number> {
    let last = 0
    for (;;) {
      const tally = await report().catch(() => undefined)
      if (tally === undefined) return last
      last = Math.max(last, tally.lastAt)
      await sleep(REPORT_MS)
    }
  }
  async function expectNothing(when: string): Promise<void> {
    await sleep(WATCH_MS)
    const { signed, ends } = await report()
    console.info(`${when}: ${JSON.stringify(ends)}`)
    expect([when, signed]).toEqual([when, 0])
  }
  async function run(command: string, ...variables: string[]) {
    const start = Date.now()
    const result = await runMake(command, ...variables)
    console.info(`make ${command}: ${Date.now() - start} ms\n${result.said}`)
    return { ...result, start, took: Date.now() - start }
  }

  test('stops within 5 s, and neither a restart, a deployment nor a rotation undoes it', async () => {
    const { code, said, start } = await run('freeze')
    expect({ code, said }).toMatchObject({
      code: 0,
      said: expect.stringMatching(/is stopped: 1 Pod,/),
    })
    const { lastAt, signed } = await report()
    console.info(`last signature ${lastAt - start} ms after the start, ${signed} since the report`)
    expect(lastAt - start).toBeLessThanOrEqual(LAST_MS)
    await expectNothing('frozen')

    cleanUp(await saveSecret())
    const rotation = await run('rotate-key', 'OVERLAP=1h')
    expect(rotation).toMatchObject({ code: 0 })
    await expectNothing('after a rotation')
    await killProcess(await findInContainer(await findPod(), 'signer', 'node'))
    await expectNothing('after the end of the signer')
    const deployment = await run('deploy')
    expect(deployment).toMatchObject({ code: 0, said: expect.stringContaining('is FROZEN since') })
    expect(await run('smoke')).toMatchObject({ code: 2, said: expect.stringContaining('FROZEN') })
    await expectNothing('after a deployment')
    // Its Pod is ready all the time.
    expect((await findTarget()).uid).toBe(target.uid)
    expect(await run('freeze')).toMatchObject({ code: 0 })

    expect(await run('thaw')).toMatchObject({ code: 0 })
    await sleep(WATCH_MS)
    expect((await report()).signed).toBeGreaterThan(100)
    expect(await run('smoke')).toMatchObject({ code: 0 })
  })

  test('goes on in a Pod that is being deleted, and make freeze waits until it has ended', async () => {
    await kubectl(['delete', 'pod', target.frontend.pod, '-n', namespace, '--wait=false'])
    await sleep(WATCH_MS)
    expect((await report()).signed).toBeGreaterThan(100)
    const last = watchToItsEnd()
    const { code, said, start, took } = await run('freeze')
    const name = target.frontend.pod
    expect({ code, said }).toMatchObject({ code: 0 })
    expect(said).toMatch(
      new RegExp(`note {2}${name} is being deleted.*ok {4}${name} has ended`, 's'),
    )
    const lastAt = await last
    console.info(`last signature ${lastAt - start} ms after the start`)
    expect(lastAt - start).toBeLessThanOrEqual(took)
  })

  test('in a Pod whose kubelet does not answer goes on, and make freeze names the Pod', async () => {
    const kubelet = await findOnNode('kubelet')
    process.kill(kubelet, 'SIGSTOP')
    try {
      const { code, said } = await run('freeze')
      expect({ code, said }).toMatchObject({ code: 2 })
      expect(said).toContain('signing is NOT stopped in every Pod: 1 of 1 have not confirmed')
      expect(said).toMatch(
        new RegExp(`${target.frontend.pod}: node mesh-node does not show its log`),
      )
      expect(await readMark()).toBeDefined()
    } finally {
      process.kill(kubelet, 'SIGCONT')
    }
    expect(await run('freeze')).toMatchObject({ code: 0 })
    await report()
    await expectNothing('after kubelet goes on')
  })

  test('uses a rotated key within seconds', async () => {
    cleanUp(await saveSecret())
    const { code, said, took } = await run('rotate-key', 'OVERLAP=1h')
    expect({ code, said }).toMatchObject({ code: 0 })
    // kubelet alone needs 60 to 90 s for each of the two steps.
    expect(took).toBeLessThan(60_000)
  })
})
