// Confinement of the containers: privileges, namespaces, ports, images.
import type { Resource } from '../../kube/resources.ts'
import type { Finding, Path } from '../finding.ts'
import {
  type Container,
  listContainers,
  listVolumes,
  proxyName,
  readPod,
  readPods,
  type Workload,
} from '../model/pod.ts'
import type { Rule } from '../rule.ts'
import { podSecurityRule } from './pod-security-rule.ts'

/** Istio's containers run as 1337, by which its iptables rules recognize them. */
const istioContainers = [proxyName, 'istio-validation']

/** The containers that are not Istio's. */
export function isOurs({ name }: Container): boolean {
  return !istioContainers.includes(name)
}

export const confinementRules: readonly Rule[] = [
  {
    name: 'signer-port',
    title: 'the signer has no port',
    find: (resources) => {
      const pod = readPod(resources)
      return listContainers(pod)
        .filter(({ name, ports }) => name === 'signer' && ports.length > 0)
        .map(({ path }) => ({
          resource: pod.resource,
          path: [...path, 'ports'],
          message: 'the signer has a containerPort, but listens on a socket only: remove the port',
        }))
    },
  },
  {
    name: 'container-rights',
    title: 'no container can write to its image or gain privileges',
    find: (resources) =>
      listOurContainers(resources).flatMap(({ resource, container }) =>
        checkPrivileges(container).map(([field, message]) => ({
          resource,
          path: [...container.path, 'securityContext', ...field.split('.')],
          message: `${container.name} ${message}`,
        })),
      ),
  },
  {
    name: 'host-and-processes',
    title: 'no container sees the processes or files of another container, or the host',
    find: (resources) => readPods(resources).flatMap(checkHost),
  },
  podSecurityRule,
  {
    name: 'image-tag',
    title: 'every image is set, with a digest or a tag other than latest',
    find: (resources) =>
      listOurContainers(resources)
        .filter(({ container }) => !namesOneBuild(container.image))
        .map(({ resource, container: { name, image, path } }) => ({
          resource,
          path: [...path, 'image'],
          message: `${name} has ${image ? `the image ${image}` : 'no image'}: set a digest or a tag other than latest`,
        })),
  },
]

function checkPrivileges({ securityContext: own }: Container): [field: string, message: string][] {
  const found: [boolean, string, string][] = [
    [
      own.readOnlyRootFilesystem !== true,
      'readOnlyRootFilesystem',
      'can write to its image: set readOnlyRootFilesystem to true',
    ],
    [
      own.allowPrivilegeEscalation !== false,
      'allowPrivilegeEscalation',
      'can gain privileges: set allowPrivilegeEscalation to false',
    ],
    [own.privileged === true, 'privileged', 'is privileged: remove privileged'],
    [!own.capabilities?.drop.includes('ALL'), 'capabilities.drop', 'keeps capabilities: drop ALL'],
    [
      (own.capabilities?.add ?? []).length > 0,
      'capabilities.add',
      'adds capabilities: remove them',
    ],
    [own.runAsNonRoot !== true, 'runAsNonRoot', 'can run as root: set runAsNonRoot to true'],
    // Without its own, the container has the Pod's profile, which host-and-processes checks.
    [
      own.seccompProfile?.type === 'Unconfined',
      'seccompProfile',
      'has no seccomp profile: remove Unconfined',
    ],
  ]
  return found.filter(([isBroken]) => isBroken).map(([, field, message]) => [field, message])
}

function checkHost(pod: Workload): Finding[] {
  const { spec } = pod
  const at = (...rest: Path) => [...pod.path, 'spec', ...rest]
  const found: [boolean, Path, string][] = [
    [
      spec.securityContext.seccompProfile?.type !== 'RuntimeDefault',
      at('securityContext', 'seccompProfile'),
      'the seccomp profile is not RuntimeDefault: set it',
    ],
    [spec.hostPID, at('hostPID'), 'the Pod sees the processes of the host: remove hostPID'],
    [spec.hostIPC, at('hostIPC'), "the Pod shares the host's IPC namespace: remove hostIPC"],
    [
      spec.hostNetwork,
      at('hostNetwork'),
      'the Pod is in the network namespace of the host: remove hostNetwork',
    ],
    [
      spec.shareProcessNamespace,
      at('shareProcessNamespace'),
      'each container sees the files of the others in /proc/<pid>/root: remove shareProcessNamespace',
    ],
    ...listVolumes(pod).map(({ name, hostPath, path }): [boolean, Path, string] => [
      hostPath !== undefined,
      [...path, 'hostPath'],
      `volume ${name} is a hostPath: use another kind of volume`,
    ]),
  ]
  return found
    .filter(([isBroken]) => isBroken)
    .map(([, path, message]) => ({ resource: pod.resource, path, message }))
}

/** Lists the containers of our Pods, without Istio's. */
function listOurContainers(resources: readonly Resource[]) {
  return readPods(resources).flatMap((pod) =>
    listContainers(pod)
      .filter(isOurs)
      .map((container) => ({ resource: pod.resource, container })),
  )
}

function namesOneBuild(image: string): boolean {
  return /^(?!secure-signing\/).+(:(?!latest$)[\w.-]+|@sha256:\w+)$/.test(image)
}
