// Deploys with the component monitoring, and starts Prometheus, its operator and kube-state-metrics.
import { requireLocalCluster, requireNode } from '../../../tools/verify/faults/support/node.ts'
import {
  setup as bringUpAttackers,
  teardown as takeAwayAttackers,
} from '../../support/attack/attackers.ts'
import { deploy, saveDeployment } from '../../support/cluster/deployment.ts'
import { provideTestImage } from '../../support/images/images.ts'
import { buildTestPrograms } from '../../support/programs/programs.ts'
import { countOnce } from './count-once.ts'
import { account, startPrometheus } from './prometheus.ts'

/** The names of what the component monitoring adds. */
const ofComponent =
  /^(allow-prometheus-.*|secure-signing(-dashboard|-changes-are-counted|-counts-changes-of-.*)?)$/

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
  const restore = await saveDeployment(ofComponent)
  // Before Prometheus runs, so that no alert tells of it.
  const prepare = async () => {
    await deploy({ COMPONENTS: 'monitoring limits', PROMETHEUS: account })
    await countOnce()
    await bringUpAttackers()
  }
  undo.push(takeAwayAttackers)
  undo.push(await startPrometheus(image, programs.OPERATOR, prepare), restore)
}

export async function teardown(): Promise<void> {
  for (const each of undo.reverse()) await each()
}
