// Attack 33: istiod or kubelet is down. Running Pods do not need them.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Experiment } from '../experiment.ts'
import { withoutIstiod } from '../support/istio.ts'
import { findOnNode, killProcess } from '../support/node.ts'

const onePod = { attack: '34', replicas: 1, sources: ['public', 'frontend'] } as const

export const istiodAway: Experiment = {
  ...onePod,
  id: 'istiod-away',
  title: 'istiod stopped and started again',
  bounds: { failed: 0 },
  atLeast: 20_000,
  run: async ({ isShort, isEnough }) => {
    const start = Date.now()
    await withoutIstiod(async () => {
      await sleep(isShort ? 3_000 : 10_000)
      while (!isEnough()) await sleep(1_000)
    })
    return `Stopped for ${Math.round((Date.now() - start) / 1_000)} s`
  },
}

export const kubeletRestart: Experiment = {
  ...onePod,
  id: 'kubelet-restart',
  title: 'SIGKILL of kubelet, started again',
  bounds: { failed: 0 },
  run: async ({ isShort }) => {
    await killProcess(await findOnNode('kubelet'))
    // It starts again after a second. It acts on existing Pods in its first moments.
    await sleep(isShort ? 6_000 : 30_000)
    await findOnNode('kubelet')
    return undefined
  },
}
