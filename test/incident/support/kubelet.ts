// kubelet of the local cluster with another setting. The cluster's own syncFrequency is so short that it hides a volume that
// nobody refreshes.
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { vi } from 'vitest'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { KUBELET_SETTINGS } from '../../../tools/local-cluster/paths.ts'
import { findOnNode, killProcess } from '../../../tools/verify/faults/support/node.ts'

const file = join(KUBELET_SETTINGS, 'test.conf')
const START = { timeout: 60_000, interval: 200 }

/** Sets the default of Kubernetes, 1m, or another value. Returns the function that restores the cluster's own. */
export async function setSyncFrequency(syncFrequency = '1m'): Promise<() => Promise<void>> {
  const settings = {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    syncFrequency,
  }
  await writeFile(file, JSON.stringify(settings))
  await restartKubelet()
  return async () => {
    await rm(file, { force: true })
    await restartKubelet()
  }
}

/** The node starts it again. Returns when it has its settings and its Pods. Containers go on meanwhile. */
async function restartKubelet(): Promise<void> {
  const former = await findOnNode('kubelet')
  await killProcess(former)
  await vi.waitFor(async () => {
    if ((await findOnNode('kubelet')) === former) throw new Error('kubelet has not ended')
    // It answers before it knows its Pods, and refuses exec until then.
    const pods = await kubectl(['get', '--raw', '/api/v1/nodes/mesh-node/proxy/pods'])
    if (!pods.includes(`"namespace":"${namespace}"`)) throw new Error('kubelet has no Pods yet')
  }, START)
}
