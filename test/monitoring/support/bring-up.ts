// Before the first test: Prometheus, its operator and kube-state-metrics, compiled and brought up, and the deployment with the
// component monitoring for them; and after the last all that taken away.

import { buildRootFileSystems } from '../../../tools/local-cluster/images/root-file-systems.ts'
import { provideMonitoringImage } from '../../../tools/local-cluster/images/system-images.ts'
import { buildTestPrograms } from '../../../tools/local-cluster/programs/programs.ts'
import { requireLocalCluster, requireNode } from '../../../tools/verify/faults/support/node.ts'
import { deploy, saveDeployment } from '../../support/cluster/deployment.ts'
import { account, startPrometheus } from './prometheus.ts'

const undo: (() => Promise<void>)[] = []

/** vitest's globalSetup. Throws UserError without the local cluster. */
export async function setup(): Promise<void> {
  requireLocalCluster()
  const node = await requireNode()
  const folders = {
    prometheus: await buildTestPrograms('prometheus'),
    operator: await buildTestPrograms('prometheus-operator'),
    stateMetrics: await buildTestPrograms('kube-state-metrics'),
  }
  const image = await provideMonitoringImage(node, folders, await buildRootFileSystems())
  undo.push(await startPrometheus(image, folders.operator))
  undo.push(await saveDeployment(/^(allow-prometheus-|secure-signing(-dashboard)?$)/))
  await deploy({ COMPONENTS: 'monitoring', PROMETHEUS: account })
}

/** And this in the end. */
export async function teardown(): Promise<void> {
  for (const each of undo.reverse()) await each()
}
