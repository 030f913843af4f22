// Deploys with the component monitoring, and starts Prometheus, its operator and kube-state-metrics.
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { waitForRoute } from '../../../tools/verify/attack/attack-pods.ts'
import { requireLocalCluster, requireNode } from '../../../tools/verify/faults/support/node.ts'
import {
  setup as bringUpAttackers,
  otherNamespacePod,
  pods,
  teardown as takeAwayAttackers,
} from '../../support/attack/attackers.ts'
import { deploy, saveDeployment } from '../../support/cluster/deployment.ts'
import { provideTestImage } from '../../support/images/images.ts'
import { buildTestPrograms } from '../../support/programs/programs.ts'
import { countOnce } from './count-once.ts'
import { account, prometheusAccountPod, startPrometheus } from './prometheus.ts'

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
    await shareRoute()
  }
  undo.push(takeAwayAttackers)
  undo.push(await startPrometheus(image, programs.OPERATOR, prepare), restore)
  await waitForRoute(prometheusAccountPod, pods)
}

/** The route of the attackers leads from the namespace of Prometheus to the Pod, too. */
async function shareRoute(): Promise<void> {
  const patch = [{ op: 'add', path: '/spec/exportTo/-', value: prometheusAccountPod.namespace }]
  const resources = [
    'serviceentry/target-application',
    'serviceentry/target-signer',
    'destinationrule/target',
  ]
  const where = ['-n', otherNamespacePod.namespace, '--type=json']
  for (const each of resources) {
    await kubectl(['patch', each, ...where, '-p', JSON.stringify(patch)])
  }
}

export async function teardown(): Promise<void> {
  for (const each of undo.reverse()) await each()
}
