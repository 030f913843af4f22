// Whether `make freeze` reaches the signer: by a ConfigMap that need not exist, in the folder that the signer reads.
import { freezeMarker } from '../../kube/names.ts'
import type { Finding } from '../finding.ts'
import { listMounts } from '../model/mounts.ts'
import { listContainers, listVolumes, readPod, type Volume, type Workload } from '../model/pod.ts'
import type { Rule } from '../rule.ts'

const variable = 'SIGNER_FREEZE_DIR'

export const freezeRules: readonly Rule[] = [
  {
    name: 'freeze-mount',
    title: '`make freeze` reaches the signer',
    find: (resources) => {
      const pod = readPod(resources)
      const signer = listContainers(pod).find(({ name }) => name === 'signer')
      return signer === undefined ? [] : [...checkVolume(pod), ...checkFolder(pod)]
    },
  },
]

function checkVolume(pod: Workload): Finding[] {
  const { resource } = pod
  const volumes = listMarkers(pod)
  if (volumes.length === 0) {
    const message = `make freeze cannot stop this signer: add a projected volume with the ConfigMap ${freezeMarker}, which is optional`
    return [{ resource, path: [...pod.path, 'spec', 'volumes'], message }]
  }
  return volumes
    .filter((volume) => findMarker(volume)?.optional !== true)
    .map(({ path }) => ({
      resource,
      path: [...path, 'projected', 'sources'],
      message: `the Pod starts only while signing is frozen: set optional to true at ${freezeMarker}`,
    }))
}

function checkFolder(pod: Workload): Finding[] {
  const { resource } = pod
  const owner = listContainers(pod).find(({ name }) => name === 'signer')
  const mount = listMounts(pod, listMarkers(pod)).find(({ container }) => container === 'signer')
  const folder = owner?.env.find(({ name }) => name === variable)?.value
  const place = owner?.path ?? pod.path
  if (mount === undefined) {
    const message = `the signer does not mount the ConfigMap ${freezeMarker}, so make freeze cannot stop it`
    return [{ resource, path: [...place, 'volumeMounts'], message }]
  }
  if (folder === mount.mountPath) return []
  const message = `${variable} is ${folder ?? 'not set'}: set it to ${mount.mountPath}, where make freeze stops the signer`
  return [{ resource, path: [...place, 'env'], message }]
}

function listMarkers(pod: Workload) {
  return listVolumes(pod).filter((volume) => findMarker(volume) !== undefined)
}

function findMarker({ projected }: Volume) {
  return projected?.sources.find(({ configMap }) => configMap?.name === freezeMarker)?.configMap
}
