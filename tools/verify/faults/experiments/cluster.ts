// Attack 34: a power cut. All processes of the cluster end at once. After a plain start, the cluster serves as before.
import { join } from 'node:path'
import { CHECKOUT } from '../../../cli/checkout.ts'
import { run as runProgram } from '../../../cli/exec.ts'
import type { Experiment } from '../experiment.ts'
import { findNodeInit, killProcess } from '../support/node.ts'
import { CLUSTER_MS } from '../support/timeouts.ts'

const up = join(CHECKOUT, 'tools/local-cluster/up.ts')

export const clusterKilled: Experiment = {
  id: 'cluster-killed',
  title: 'SIGKILL of the whole cluster, started again',
  attack: '35',
  replicas: 1,
  sources: ['public'],
  bounds: { recoveryMs: CLUSTER_MS },
  run: async ({ begin, recover }) => {
    begin()
    await killProcess(await findNodeInit())
    await runProgram(process.execPath, [up], { timeoutMs: CLUSTER_MS })
    await recover()
    return undefined
  },
}
