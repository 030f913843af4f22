// Starts Prometheus, its operator and kube-state-metrics, and deploys with the component monitoring.
import { requireLocalCluster, requireNode } from '../../../tools/verify/faults/support/node.ts'
import { deploy, saveDeployment } from '../../support/cluster/deployment.ts'
import { provideTestImage } from '../../support/images/images.ts'
import { buildTestPrograms } from '../../support/programs/programs.ts'
import { account, startPrometheus } from './prometheus.ts'

const undo: (() => Promise<void>)[] = []

export async function setup(): Promise<void> {
  requireLocalCluster()
  const node = await requireNode()
  const programs = {
    PROMETHEUS: await buildTestPrograms('prometheus'),
    OPERATOR: await buildTestPrograms('prometheus-operator'),
    STATE_METRICS: await buildTestPrograms('kube-state-metrics'),
  }
  const image = await provideTestImage(node, 'monitoring', programs)
  undo.push(await startPrometheus(image, programs.OPERATOR))
  undo.push(await saveDeployment(/^(allow-prometheus-|secure-signing(-dashboard)?$)/))
  await deploy({ COMPONENTS: 'monitoring limits', PROMETHEUS: account })
}

export async function teardown(): Promise<void> {
  for (const each of undo.reverse()) await each()
}
