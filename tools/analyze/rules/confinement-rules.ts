// What the containers may do besides: rights, namespaces, ports, images.
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

/** Istio's own containers run as 1337, which is how its iptables know them. */
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
          message: 'the signer has a containerPort; it listens on its socket alone',
        }))
    },
  },
  {
    name: 'container-rights',
    title: 'no container can write to its image or gain rights',
    find: (resources) =>
      listOurContainers(resources).flatMap(({ resource, container }) =>
        judgeRights(container).map(([field, message]) => ({
          resource,
          path: [...container.path, 'securityContext', ...field.split('.')],
          message: `${container.name} ${message}`,
        })),
      ),
  },
  {
    name: 'host-and-processes',
    title: 'no container sees another, or the host',
    find: (resources) => readPods(resources).flatMap(judgeHost),
  },
  podSecurityRule,
  {
    name: 'image-tag',
    title: 'every image is set, by a tag that is not latest',
    find: (resources) =>
      listOurContainers(resources)
        .filter(({ container }) => !namesOneBuild(container.image))
        .map(({ resource, container: { name, image, path } }) => ({
          resource,
          path: [...path, 'image'],
          message: `${name} is ${image || 'no image'}, which names no one build`,
        })),
  },
]

function judgeRights({ securityContext: own }: Container): [field: string, message: string][] {
  const found: [boolean, string, string][] = [
    [own.readOnlyRootFilesystem !== true, 'readOnlyRootFilesystem', 'can write to its image'],
    [own.allowPrivilegeEscalation !== false, 'allowPrivilegeEscalation', 'may gain rights'],
    [own.privileged === true, 'privileged', 'is privileged'],
    [!own.capabilities?.drop.includes('ALL'), 'capabilities.drop', 'keeps capabilities'],
    [(own.capabilities?.add ?? []).length > 0, 'capabilities.add', 'adds capabilities'],
    [own.runAsNonRoot !== true, 'runAsNonRoot', 'may be root'],
    // None of its own: the Pod's, which host-and-processes judges.
    [own.seccompProfile?.type === 'Unconfined', 'seccompProfile', 'has no seccomp profile'],
  ]
  return found.filter(([isBroken]) => isBroken).map(([, field, message]) => [field, message])
}

function judgeHost(pod: Workload): Finding[] {
  const { spec } = pod
  const at = (...rest: Path) => [...pod.path, 'spec', ...rest]
  const found: [boolean, Path, string][] = [
    [
      spec.securityContext.seccompProfile?.type !== 'RuntimeDefault',
      at('securityContext', 'seccompProfile'),
      'the seccomp profile is not RuntimeDefault',
    ],
    [spec.hostPID, at('hostPID'), 'the Pod sees the processes of the host'],
    [spec.hostIPC, at('hostIPC'), "the Pod shares the host's memory segments"],
    [spec.hostNetwork, at('hostNetwork'), 'the Pod is in the network of the host'],
    [
      spec.shareProcessNamespace,
      at('shareProcessNamespace'),
      "/proc/<pid>/root shows each container the others' files",
    ],
    ...listVolumes(pod).map(({ name, hostPath, path }): [boolean, Path, string] => [
      hostPath !== undefined,
      [...path, 'hostPath'],
      `volume ${name} is of the host`,
    ]),
  ]
  return found
    .filter(([isBroken]) => isBroken)
    .map(([, path, message]) => ({ resource: pod.resource, path, message }))
}

/** Of all our Pods. */
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
