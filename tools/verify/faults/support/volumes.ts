// What kubelet mounts into our Pods, as files of the node.
import { findNodeInit } from './node.ts'
import type { Pod } from './pods.ts'

/** The folder of a volume of `pod`, e.g. kind "projected", name "caller-token", as this machine sees it. */
export async function locateVolume({ uid }: Pod, kind: string, name: string): Promise<string> {
  const root = `/proc/${await findNodeInit()}/root`
  return `${root}/var/lib/kubelet/pods/${uid}/volumes/kubernetes.io~${kind}/${name}`
}

/** What the frontend shows to be who it is. */
export async function locateCredentials(
  pod: Pod,
): Promise<{ tokenFile: string; pairingFile: string }> {
  return {
    tokenFile: `${await locateVolume(pod, 'projected', 'caller-token')}/token`,
    pairingFile: `${await locateVolume(pod, 'empty-dir', 'pairing')}/secret`,
  }
}
