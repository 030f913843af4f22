// Who has the socket and the pairing secret.
import { z } from 'zod'
import { sharesPod } from '../../kube/layouts.ts'
import type { Resource } from '../../kube/resources.ts'
import type { Finding } from '../finding.ts'
import { expectInMemory, expectMounters, listMounts } from '../model/mounts.ts'
import { findPodNamespace } from '../model/namespace.ts'
import {
  listContainers,
  listVolumes,
  proxyName,
  readFrontendPod,
  readLayout,
  readPod,
  readPods,
  type Workload,
} from '../model/pod.ts'
import type { Rule } from '../rule.ts'

const mountAnnotation = 'sidecar.istio.io/userVolumeMount'
const mountMap = z.record(z.string(), z.object({ mountPath: z.string() }))

export const volumeRules: readonly Rule[] = [
  {
    name: 'socket-mount',
    title: 'the socket is in the signer and the proxy alone, in memory',
    find: (resources) => {
      const pod = readPod(resources)
      const volumes = listVolumes(pod).filter(({ name }) => name === 'signer-socket')
      const isInjected = listContainers(pod).some(({ name }) => name === proxyName)
      const owners = isInjected ? [proxyName, 'signer'] : ['signer']
      return [
        ...expectMounters(pod, volumes, owners, 'the socket'),
        ...expectInMemory(pod, volumes, 'the socket'),
      ]
    },
  },
  {
    name: 'proxy-mount',
    title: "the signer's proxy is told to mount the socket, and no proxy anything else",
    find: (resources) =>
      readPods(resources).flatMap((pod, index) => judgeProxyMounts(pod, { isSigner: index === 0 })),
  },
  {
    name: 'pairing-mount',
    title:
      'the pairing secret is written by the signer, read by the frontend, and nobody else has it',
    find: (resources) =>
      sharesPod(readLayout(resources))
        ? judgePairing(readPod(resources))
        : [
            ...judgeUnpaired(readPod(resources), 'signer', 'SIGNER_PAIRING_DIR'),
            ...judgeCaller(resources),
            ...judgeUnpaired(readFrontendPod(resources), 'frontend', 'PAIRING_SECRET_FILE'),
          ],
  },
]

function listProxyMounts(annotation = '{}'): string[] | undefined {
  try {
    return Object.keys(mountMap.parse(JSON.parse(annotation)))
  } catch {
    return undefined
  }
}

function expectVariable(pod: Workload, container: string, variable: string) {
  const owner = listContainers(pod).find(({ name }) => name === container)
  const isSet = owner?.env.some(
    ({ name, value = '' }) => name === variable && value.startsWith('/'),
  )
  if (owner === undefined || isSet) return []
  const message = `${container} has no ${variable}, which turns the pairing lock off`
  return [{ resource: pod.resource, path: [...owner.path, 'env'], message }]
}

function judgePairing(pod: Workload): Finding[] {
  const { resource } = pod
  const volumes = listVolumes(pod).filter(({ name }) => name === 'pairing')
  return [
    ...expectMounters(pod, volumes, ['frontend', 'signer'], 'the pairing secret'),
    ...expectInMemory(pod, volumes, 'the pairing secret'),
    ...listMounts(pod, volumes)
      .filter(({ container, readOnly }) => readOnly !== (container !== 'signer'))
      .map(({ container, path }) => ({
        resource,
        path: [...path, 'readOnly'],
        message:
          container === 'signer'
            ? 'the signer can not write the pairing secret'
            : `${container} can write the pairing secret`,
      })),
    ...expectVariable(pod, 'signer', 'SIGNER_PAIRING_DIR'),
    ...expectVariable(pod, 'frontend', 'PAIRING_SECRET_FILE'),
  ]
}

/** Two Pods share no volume: a secret that only one of them has would be a lock that nobody can open. */
function judgeUnpaired(pod: Workload, container: string, variable: string): Finding[] {
  const { resource } = pod
  const volumes = listVolumes(pod).filter(({ name }) => name === 'pairing')
  const owner = listContainers(pod).find(({ name }) => name === container)
  const isTold = owner?.env.some(({ name, value }) => name === variable && value === 'none')
  const message = `${variable} is not "none", and there is nothing to pair with in this Pod`
  return [
    ...volumes.map(({ path }) => ({ resource, path, message: 'a pairing secret for one alone' })),
    ...(owner === undefined || isTold ? [] : [{ resource, path: [...owner.path, 'env'], message }]),
  ]
}

function judgeProxyMounts(
  { resource, metadata: { annotations }, path: place }: Workload,
  { isSigner }: { isSigner: boolean },
): Finding[] {
  const path = [...place, 'metadata', 'annotations']
  const said = annotations[mountAnnotation]
  const needed = isSigner ? '{"signer-socket": …} alone, as a map' : 'nothing'
  return [
    // Only the map form names its volume for the template that injects it.
    ...(listProxyMounts(said)?.join() === (isSigner ? 'signer-socket' : '')
      ? []
      : [
          {
            resource,
            path: [...path, mountAnnotation],
            message: `the proxy is to mount ${said ?? 'nothing'}; it needs ${needed}`,
          },
        ]),
    ...('sidecar.istio.io/userVolume' in annotations
      ? [
          {
            resource,
            path: [...path, 'sidecar.istio.io/userVolume'],
            message: 'a volume that is made in an annotation is seen by no rule about volumes',
          },
        ]
      : []),
  ]
}

/** What stands in the pairing's place. */
function judgeCaller(resources: readonly Resource[]): Finding[] {
  const pod = readPod(resources)
  const { frontend } = readLayout(resources)
  const wanted = `/ns/${findPodNamespace(resources)}/sa/${frontend}`
  const owner = listContainers(pod).find(({ name }) => name === 'signer')
  const caller = owner?.env.find(({ name }) => name === 'SIGNER_CALLER')?.value ?? ''
  if (owner === undefined || (caller.startsWith('spiffe://') && caller.endsWith(wanted))) return []
  const message = `SIGNER_CALLER is ${caller || 'not set'}; the frontend is spiffe://…${wanted}`
  return [{ resource: pod.resource, path: [...owner.path, 'env'], message }]
}
