// Attacks 32 and 35: every Pod is replaced, while a mesh Pod in another namespace and a Pod without a sidecar send
// unauthorized requests to each new Pod from its start.
import type { Experiment } from '../experiment.ts'
import { restartPods } from '../support/pods.ts'

export const rollingRestart: Experiment = {
  id: 'rolling-restart',
  title: 'rolling restart, with unauthorized requests to each new Pod',
  attack: '33, 36',
  replicas: 2,
  // A load from within a Pod would end with the Pod.
  sources: ['public'],
  bounds: { failed: 0 },
  atLeast: 20_000,
  run: async ({ isEnough }) => {
    let count = 0
    do {
      await restartPods()
      count += 1
    } while (!isEnough())
    return `Restarts: ${count}`
  },
}
