// Which containers mount the socket and the pairing secret.
import { z } from 'zod'
import { sharesPod } from '../../kube/layouts.ts'
import type { Resource } from '../../kube/resources.ts'
import type { Finding } from '../finding.ts'
import type { Application } from '../model/application.ts'
import { checkInMemory, checkMounters, listMounts, type Mount } from '../model/mounts.ts'
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
    title: 'only the signer and what calls it mount the socket, which is in memory',
    find: (resources, application) => {
      const pod = readPod(resources)
      const volumes = listVolumes(pod).filter(({ name }) => name === 'signer-socket')
      const callers = readLayout(resources).isMeshed ? listProxies(pod) : [application.container]
      return [
        ...checkMounters(pod, volumes, [...callers, 'signer'], 'the socket'),
        ...checkReadOnly(pod, listMounts(pod, volumes), 'the socket'),
        ...checkInMemory(pod, volumes, 'the socket'),
      ]
    },
  },
  {
    name: 'proxy-mount',
    title: "the signer's proxy mounts the socket, and no proxy mounts anything else",
    find: (resources) =>
      readPods(resources).flatMap((pod, index) =>
        checkProxyMounts(pod, { isSigner: index === 0 && readLayout(resources).isMeshed }),
      ),
  },
  {
    name: 'pairing-mount',
    title: 'only the signer writes the pairing secret, and only the application reads it',
    find: (resources, application) =>
      sharesPod(readLayout(resources))
        ? checkPairing(readPod(resources), application)
        : [
            ...checkUnpaired(readPod(resources), 'signer', 'SIGNER_PAIRING_DIR'),
            ...checkCaller(resources),
            ...checkUnpaired(readFrontendPod(resources), 'frontend', 'PAIRING_SECRET_FILE'),
          ],
  },
]

/** Before injection, the Pod has no proxy, or one whose image is "auto", with resources alone. */
function listProxies(pod: Workload): string[] {
  const isInjected = listContainers(pod).some(
    ({ name, image }) => name === proxyName && image !== 'auto',
  )
  return isInjected ? [proxyName] : []
}

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
  const message = `${container} has no ${variable}, so pairing is off: set it to a path`
  return [{ resource: pod.resource, path: [...owner.path, 'env'], message }]
}

function checkPairing(pod: Workload, { container: caller, isOurs }: Application): Finding[] {
  const volumes = listVolumes(pod).filter(({ name }) => name === 'pairing')
  return [
    ...checkMounters(pod, volumes, [caller, 'signer'], 'the pairing secret'),
    ...checkInMemory(pod, volumes, 'the pairing secret'),
    ...checkReadOnly(pod, listMounts(pod, volumes), 'the pairing secret'),
    ...expectVariable(pod, 'signer', 'SIGNER_PAIRING_DIR'),
    // Another application has a client, which knows the path.
    ...(isOurs ? expectVariable(pod, caller, 'PAIRING_SECRET_FILE') : []),
  ]
}

/** Finds a signer that cannot write `what`, and others that can. */
function checkReadOnly({ resource }: Workload, mounts: readonly Mount[], what: string): Finding[] {
  return mounts
    .filter(({ container, readOnly }) => readOnly !== (container !== 'signer'))
    .map(({ container, path }) => ({
      resource,
      path: [...path, 'readOnly'],
      message:
        container === 'signer'
          ? `the signer cannot write ${what}: set readOnly to false`
          : `${container} can write ${what}: set readOnly to true`,
    }))
}

/** Pods share no volume. With a secret in only one of them, the signer would refuse every request. */
function checkUnpaired(pod: Workload, container: string, variable: string): Finding[] {
  const { resource } = pod
  const volumes = listVolumes(pod).filter(({ name }) => name === 'pairing')
  const owner = listContainers(pod).find(({ name }) => name === container)
  const isOff = owner?.env.some(({ name, value }) => name === variable && value === 'none')
  const message = `${variable} is not "none", but separate Pods cannot pair: set it to none`
  return [
    ...volumes.map(({ path }) => ({
      resource,
      path,
      message: 'a volume for a pairing secret, but separate Pods cannot pair: remove it',
    })),
    ...(owner === undefined || isOff ? [] : [{ resource, path: [...owner.path, 'env'], message }]),
  ]
}

function checkProxyMounts(
  { resource, metadata: { annotations }, path: place }: Workload,
  { isSigner }: { isSigner: boolean },
): Finding[] {
  const path = [...place, 'metadata', 'annotations']
  const value = annotations[mountAnnotation]
  const needed = isSigner ? 'only {"signer-socket": …}, as a map' : 'nothing'
  return [
    // The injection template reads the volume's name from the map form only.
    ...(listProxyMounts(value)?.join() === (isSigner ? 'signer-socket' : '')
      ? []
      : [
          {
            resource,
            path: [...path, mountAnnotation],
            message: `the proxy mounts ${value ?? 'nothing'}: it must mount ${needed}`,
          },
        ]),
    ...('sidecar.istio.io/userVolume' in annotations
      ? [
          {
            resource,
            path: [...path, 'sidecar.istio.io/userVolume'],
            message: 'no rule about volumes checks a volume in an annotation: remove it',
          },
        ]
      : []),
  ]
}

/** Checks the caller identity, which replaces pairing. */
function checkCaller(resources: readonly Resource[]): Finding[] {
  const pod = readPod(resources)
  const { frontend } = readLayout(resources)
  const wanted = `/ns/${findPodNamespace(resources)}/sa/${frontend}`
  const owner = listContainers(pod).find(({ name }) => name === 'signer')
  const caller = owner?.env.find(({ name }) => name === 'SIGNER_CALLER')?.value ?? ''
  if (owner === undefined || (caller.startsWith('spiffe://') && caller.endsWith(wanted))) return []
  const message = `SIGNER_CALLER is ${caller || 'not set'}: set it to the frontend, spiffe://…${wanted}`
  return [{ resource: pod.resource, path: [...owner.path, 'env'], message }]
}
