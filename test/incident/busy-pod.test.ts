// Code in the frontend's container keeps signer, log and kubelet busy, so that none of them notices a freeze.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { deployment, namespace } from '../../tools/kube/names.ts'
import { findTarget } from '../../tools/verify/attack/target.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { ROLLOUT_MS } from '../../tools/verify/faults/support/timeouts.ts'
import { cleanUp } from '../support/clean-up.ts'
import { expectLast, expectLogged, freeze, thaw } from '../support/freeze/freeze.ts'
import { needsLocalCluster } from '../support/skips.ts'
import type { SignOrder } from './support/attackers/sign.ts'
import { followLast, startSigning, sumSigned } from './support/sign-from-frontend.ts'

const target = [`deployment/${deployment}`, '-n', namespace]
const command = '/spec/template/spec/containers/0/command'
/** Our program, with an attacker in its process. He stops answering probes, and ignores the signal to end. */
const hanging = `
  import('/app/main.mjs')
  const { existsSync } = process.getBuiltinModule('node:fs')
  setInterval(() => { while (existsSync('/dev/shm/hang')) {} }, 50)
`

const orders: Record<string, SignOrder[]> = {
  'batches of 4 MB on 40 connections': [
    { kind: 'busy', connections: 40, count: 1_000, bytes: 4_000 },
  ],
  'audit records of 10 MB a second': [{ kind: 'busy', connections: 8, count: 1_000 }],
}

describe('a freeze of a busy Pod', needsLocalCluster, () => {
  afterEach(thaw)

  test.each(Object.keys(orders))('comes in time beside %s', async (name) => {
    const { frontend, uid } = await findTarget()
    const signing = await startSigning(frontend, orders[name] ?? [])
    cleanUp(signing.stop)
    await sleep(3_000)
    const frozen = await freeze(name)
    console.info(`${name}: ${JSON.stringify(await signing.report())}`)
    // This client is so busy that it reads its answers late. The log has the times.
    await expectLogged(name, frozen, uid)
    await sleep(3_000)
    await signing.report()
    await sleep(2_000)
    expect(sumSigned(await signing.report())).toBe(0)
  })
})

describe('a freeze while kubelet stops a frontend that hangs', needsLocalCluster, () => {
  beforeAll(async () => {
    const patch = (...operations: object[]) =>
      kubectl(['patch', ...target, '--type=json', '-p', JSON.stringify(operations)])
    const settle = () => kubectl(['rollout', 'status', ...target], { timeoutMs: ROLLOUT_MS })
    cleanUp(async () => {
      await patch({ op: 'remove', path: command })
      await settle()
    })
    const value = ['/nodejs/bin/node', '--input-type=module', '-e', hanging]
    await patch({ op: 'add', path: command, value })
    await settle()
  })
  afterEach(thaw)

  test('comes in time', async () => {
    const { frontend } = await findTarget()
    const signing = await startSigning(frontend, [{ kind: 'busy', connections: 8, count: 10 }])
    cleanUp(signing.stop)
    const write = 'fs.writeFileSync("/dev/shm/hang", "")'
    const exec = ['exec', '-n', namespace, frontend.pod, '-c', 'frontend', '--', '/nodejs/bin/node']
    await kubectl([...exec, '-e', write])
    await waitForKill(frontend.pod)
    const freezing = freeze('while kubelet waits')
    const last = await followLast(signing, freezing)
    expectLast('while kubelet waits', await freezing, last)
  })
})

/** Waits until the liveness probe has failed three times, and kubelet stops the container. */
async function waitForKill(pod: string): Promise<void> {
  const selected = `--field-selector=involvedObject.name=${pod},reason=Killing`
  const get = ['get', 'events', '-n', namespace, selected, '-o', 'name']
  await waitFor(
    async () => ((await kubectl(get)).trim() === '' ? undefined : true),
    ROLLOUT_MS,
    () => `kubelet does not stop the frontend of ${pod}`,
  )
}
