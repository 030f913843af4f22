// The same freeze for every source of keys and every layout: all signing stops, nothing but `make thaw` ends it, and nothing is
// lost afterwards.
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'vitest'
import { waitForRollout } from '../../../tools/deploy/apply/rollout.ts'
import { kubectl, kubectlJson } from '../../../tools/kube/kubectl.ts'
import { findDeployed, onePod } from '../../../tools/kube/layouts.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { listOf } from '../../../tools/kube/resources.ts'
import { startLoad } from '../../../tools/verify/faults/load/start-load.ts'
import { checkSignatures } from '../../../tools/verify/faults/summarize.ts'
import { findInContainer, killProcess } from '../../../tools/verify/faults/support/node.ts'
import { podSchema, toPod } from '../../../tools/verify/faults/support/pods.ts'
import { WARM_UP_MS } from '../../../tools/verify/faults/support/timeouts.ts'
import { type Frozen, freeze, thaw } from './freeze.ts'
import { expectServedAround } from './samples.ts'

const PER_SECOND = 100
/** How long the deployment is watched after each thing that could end the freeze. */
const WATCH_MS = 3_000
const SERVED_MS = 2_000

export type FreezeSettings = {
  /** All keys that may sign. */
  keys: () => Promise<ReadonlyMap<string, Uint8Array>>
  /** What writes the keys meanwhile, by its name. */
  writes?: Record<string, () => Promise<unknown>>
}

/** Tests a freeze under public load. */
export function testFreeze({ keys, writes = {} }: FreezeSettings): void {
  test('a freeze stops all signing within 5 s, and only make thaw ends it', async () => {
    const spec = { kind: 'public', url: process.env.GATEWAY_URL ?? '' } as const
    const load = await startLoad({ spec, perSecond: PER_SECOND })
    let thawed = { start: 0, end: 0 }
    let frozen: Frozen
    try {
      await sleep(WARM_UP_MS)
      try {
        frozen = await freeze('under public load')
        for (const [what, meddle] of Object.entries({ ...writes, killSigners, restartPods })) {
          console.info(`frozen: ${what}`)
          await meddle()
          await sleep(WATCH_MS)
        }
      } finally {
        thawed = await thaw()
      }
      await sleep(SERVED_MS)
    } finally {
      await load.stop()
    }
    const samples = checkSignatures(await load.stop(), await keys())
    expectServedAround(samples, frozen, thawed)
  })
}

/** Kills each signer. kubelet starts it again in the same Pod. */
export async function killSigners(): Promise<void> {
  const pods = await kubectlJson(listOf(podSchema), ['get', 'pods', '-n', namespace, '-o', 'json'])
  for (const pod of pods.map(toPod)) {
    if (pod.containers.signer === undefined) continue
    await killProcess(await findInContainer(pod, 'signer', 'node'))
  }
}

/** Replaces the Pods of every layout. */
async function restartPods(): Promise<void> {
  await kubectl(['rollout', 'restart', 'deployment', '-n', namespace])
  await waitForRollout((await findDeployed()) ?? onePod)
}
