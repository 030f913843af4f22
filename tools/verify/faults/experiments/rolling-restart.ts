// Attacks 32 and 35: every Pod replaced by a new one, while a stranger and a Pod without sidecar knock at the new ones
// from their first instant.
import type { Experiment } from '../experiment.ts'
import { restartPods } from '../support/pods.ts'

export const rollingRestart: Experiment = {
  id: 'rolling-restart',
  title: 'rolling restart, and knocking at each new Pod from its first instant',
  attack: '32, 35',
  replicas: 2,
  // What is inside a Pod goes with it.
  sources: ['world'],
  bounds: { failed: 0 },
  atLeast: 20_000,
  run: async ({ isEnough }) => {
    let count = 0
    do {
      await restartPods()
      count += 1
    } while (!isEnough())
    return `restarts: ${count}`
  },
}
