// Makes a static Pod of a workload, for a kubelet without an API server.
import type { Resource } from '../../../tools/kube/resources.ts'

/** Name of a volume → folder of the guest. */
export type Volumes = Record<string, string>

type Container = { image: string; livenessProbe?: unknown; readinessProbe?: unknown }

/**
 * Everything stays as kubelet gets it from the API server, except for what only an API server gives. Volumes of Secrets, ConfigMaps
 * and tokens are folders of the guest, and the Pod has the guest's network. There are no probes, because an emulated machine is too
 * slow for their time limits. `images`: image of the workload → image of the guest.
 */
export function toStaticPod(
  workload: Resource,
  folders: Volumes,
  images: Record<string, string>,
): Resource {
  const { metadata, spec } = Object(workload.spec).template
  const { serviceAccountName: _, volumes, containers, initContainers = [], ...rest } = spec
  const adapt = ({ livenessProbe: _, readinessProbe: __, ...container }: Container) => ({
    ...container,
    image: images[container.image] ?? container.image,
    imagePullPolicy: 'Never',
  })
  const { name, namespace } = workload.metadata
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name, namespace },
    spec: {
      ...rest,
      hostNetwork: true,
      initContainers: initContainers.map(adapt),
      containers: containers.map(adapt),
      volumes: volumes.map((volume: { name: string }) => {
        const path = folders[volume.name]
        return path === undefined ? volume : { name: volume.name, hostPath: { path } }
      }),
    },
  }
}
