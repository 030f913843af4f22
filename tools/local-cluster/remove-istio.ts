// Removes Istio from the local cluster by its labels, because istioctl is not built for a cluster without Istio.
import { z } from 'zod'
import { UserError } from '../cli/terminal.ts'
import { kubectl, kubectlJson } from '../kube/kubectl.ts'
import { listOf } from '../kube/resources.ts'

export const ISTIO_NAMESPACE = 'istio-system'
/** On all that istioctl installs. */
const LABEL = 'operator.istio.io/component'
const PROXY = 'istio-proxy'
const REMOVE_TIMEOUT_MS = 120_000

const containers = z.array(z.object({ name: z.string() })).default([])
const pods = listOf(
  z.object({
    metadata: z.object({ namespace: z.string(), name: z.string() }),
    spec: z.object({ containers, initContainers: containers }),
  }),
)

/** Throws UserError if a Pod has Istio's proxy, which does not work without istiod. */
export async function removeIstio(): Promise<void> {
  const meshed = await listMeshedPods()
  if (meshed.length > 0) {
    throw new UserError(
      `these Pods run with Istio's proxy: ${meshed.join(', ')}`,
      'Remove them first. `make undeploy` removes ours and keeps the key. Or run `make up` without OVERLAY, which keeps Istio.',
    )
  }
  // No webhook may refuse a Pod while istiod is gone. The CNI plugin needs its ClusterRole until its Pod has cleaned up the node.
  await remove('mutatingwebhookconfigurations', 'validatingwebhookconfigurations')
  await kubectl(['delete', 'namespace', ISTIO_NAMESPACE], { timeoutMs: REMOVE_TIMEOUT_MS })
  await remove('clusterroles', 'clusterrolebindings', 'customresourcedefinitions')
}

async function listMeshedPods(): Promise<string[]> {
  const all = await kubectlJson(pods, ['get', 'pods', '--all-namespaces', '-o', 'json'])
  return all
    .filter(({ metadata }) => metadata.namespace !== ISTIO_NAMESPACE)
    .filter(({ spec }) =>
      [...spec.containers, ...spec.initContainers].some(({ name }) => name === PROXY),
    )
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
}

async function remove(...kinds: readonly string[]): Promise<void> {
  await kubectl(['delete', kinds.join(','), '-l', LABEL], { timeoutMs: REMOVE_TIMEOUT_MS })
}
