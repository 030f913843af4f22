// Istio's control plane, taken away and brought back.
import { kubectl } from '../../../kube/kubectl.ts'
import { ROLLOUT_MS } from './timeouts.ts'

const deployment = ['deployment/istiod', '-n', 'istio-system']
const pods = ['pod', '-n', 'istio-system', '-l', 'app=istiod']

/** Calls `use` while no istiod runs; one runs again when it returns. */
export async function withoutIstiod(use: () => Promise<void>): Promise<void> {
  try {
    await kubectl(['scale', ...deployment, '--replicas=0'])
    await kubectl(['wait', ...pods, '--for=delete'], { timeoutMs: ROLLOUT_MS })
    await use()
  } finally {
    await kubectl(['scale', ...deployment, '--replicas=1'])
    await kubectl(['rollout', 'status', ...deployment], { timeoutMs: ROLLOUT_MS })
  }
}
