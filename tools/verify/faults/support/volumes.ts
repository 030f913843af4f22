// The volumes of our Pods, as folders of the node.
import { findNodeInit } from './node.ts'

type Pod = { uid: string }

/** Locates a volume of `pod`, e.g. kind "projected" and name "caller-token". The path is valid on this machine. */
export async function locateVolume({ uid }: Pod, kind: string, name: string): Promise<string> {
  const root = `/proc/${await findNodeInit()}/root`
  return `${root}/var/lib/kubelet/pods/${uid}/volumes/kubernetes.io~${kind}/${name}`
}

/** Locates the frontend's credentials. */
export async function locateCredentials(
  pod: Pod,
): Promise<{ tokenFile: string; pairingFile: string }> {
  return {
    tokenFile: `${await locateVolume(pod, 'projected', 'caller-token')}/token`,
    pairingFile: `${await locateVolume(pod, 'empty-dir', 'pairing')}/secret`,
  }
}
