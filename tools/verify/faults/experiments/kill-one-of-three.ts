// Attack 31: SIGKILL of one signer of three. The gateway ejects the failing Pod before its readiness probe fails.
import { join } from 'node:path'
import { CHECKOUT } from '../../../cli/checkout.ts'
import { kubectl } from '../../../kube/kubectl.ts'
import { namespace } from '../../../kube/names.ts'
import type { Experiment } from '../experiment.ts'
import { killSigner } from './kills.ts'

/** The only part of the component high-availability. Its CPU requests need larger nodes. */
const patch = join(CHECKOUT, 'k8s/components/high-availability/frontend-destination-rule.yaml')
const target = ['destinationrule', 'frontend', '-n', namespace, '--type=merge']
const removed = { spec: { trafficPolicy: { outlierDetection: null, loadBalancer: null } } }

async function ejectFailingPods(): Promise<() => Promise<void>> {
  await kubectl(['patch', ...target, '--patch-file', patch])
  return async () => {
    await kubectl(['patch', ...target, '-p', JSON.stringify(removed)])
  }
}

export const killOneOfThree: Experiment = {
  ...killSigner,
  id: 'kill-one-of-three',
  title: 'SIGKILL of one signer of three, with outlier detection',
  replicas: 3,
  sources: ['public'],
  // Measured: five or six. Without outlier detection, 34 and more fail until the readiness probe does.
  bounds: { ...killSigner.bounds, failed: 20 },
  prepare: ejectFailingPods,
}
