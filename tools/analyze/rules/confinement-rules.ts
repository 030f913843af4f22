// Confinement of the containers: privileges, namespaces, ports, images.

import { signerPort } from '../../kube/names.ts'
import type { Finding, Path } from '../finding.ts'
import type { Application } from '../model/application.ts'
import {
  type Container,
  listContainers,
  listOwnContainers,
  listReleasedContainers,
  listVolumes,
  readPod,
  readPods,
  type Workload,
} from '../model/pod.ts'
import type { Rule } from '../rule.ts'
import { podSecurityRule } from './pod-security-rule.ts'

/** Pod Security "restricted" allows them. */
const allowedCapabilities = ['NET_BIND_SERVICE']
const confining = ['RuntimeDefault', 'Localhost']

export const confinementRules: readonly Rule[] = [
  {
    name: 'signer-port',
    title: 'no container has port 8081',
    find: (resources) => {
      const pod = readPod(resources)
      return listContainers(pod).flatMap(({ name, ports, path }) =>
        ports.flatMap(({ containerPort }, index) =>
          containerPort === signerPort
            ? [
                {
                  resource: pod.resource,
                  path: [...path, 'ports', index],
                  message: `${name} has port ${signerPort}, where the proxy serves the signer: use another port`,
                },
              ]
            : [],
        ),
      )
    },
  },
  {
    name: 'container-rights',
    title: 'no container can gain privileges, and none of this project can write to its image',
    find: (resources, application) =>
      readPods(resources).flatMap((pod) =>
        listOwnContainers(pod).flatMap((container) =>
          checkPrivileges(container, pod, application).map(([field, message]) => ({
            resource: pod.resource,
            path: [...container.path, 'securityContext', ...field.split('.')],
            message: `${container.name} ${message}`,
          })),
        ),
      ),
  },
  {
    name: 'host-and-processes',
    title: 'no container sees the processes or files of another container, or the host',
    find: (resources, application) =>
      readPods(resources).flatMap((pod) => checkHost(pod, application)),
  },
  podSecurityRule,
  {
    name: 'image-tag',
    title: 'every image of this project is set, with a digest or a tag other than latest',
    find: (resources, application) =>
      readPods(resources).flatMap((pod) =>
        listReleasedContainers(pod, application)
          .filter(({ image }) => !namesOneBuild(image))
          .map(({ name, image, path }) => ({
            resource: pod.resource,
            path: [...path, 'image'],
            message: `${name} has ${image ? `the image ${image}` : 'no image'}: set a digest or a tag other than latest`,
          })),
      ),
  },
]

/** A container of the application may take what the Pod sets, and may write to its own image. */
function checkPrivileges(
  container: Container,
  pod: Workload,
  application: Application,
): [field: string, message: string][] {
  const { securityContext: own } = container
  const isReleased = listReleasedContainers(pod, application).some(
    ({ name }) => name === container.name,
  )
  const runAsNonRoot = isReleased
    ? own.runAsNonRoot
    : (own.runAsNonRoot ?? pod.spec.securityContext.runAsNonRoot)
  const added = (own.capabilities?.add ?? []).filter(
    (name) => isReleased || !allowedCapabilities.includes(name),
  )
  const found: [boolean, string, string][] = [
    [
      isReleased && own.readOnlyRootFilesystem !== true,
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
    [added.length > 0, 'capabilities.add', `adds ${added.join()}: remove it`],
    [runAsNonRoot !== true, 'runAsNonRoot', 'can run as root: set runAsNonRoot to true'],
    // Without its own, the container has the Pod's profile, which host-and-processes checks.
    [
      own.seccompProfile?.type === 'Unconfined',
      'seccompProfile',
      'has no seccomp profile: remove Unconfined',
    ],
  ]
  return found.filter(([isBroken]) => isBroken).map(([, field, message]) => [field, message])
}

function checkHost(pod: Workload, application: Application): Finding[] {
  const { spec } = pod
  const at = (...rest: Path) => [...pod.path, 'spec', ...rest]
  const found: [boolean, Path, string][] = [
    [
      !isConfined(pod, application),
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

/** True if the Pod sets the profile. In a Pod of another application, each container may set one too. */
function isConfined(pod: Workload, { isOurs }: Application): boolean {
  const { type = '' } = pod.spec.securityContext.seccompProfile ?? {}
  if (isOurs) return type === 'RuntimeDefault'
  return listOwnContainers(pod).every(({ securityContext }) =>
    confining.includes(securityContext.seccompProfile?.type ?? type),
  )
}

function namesOneBuild(image: string): boolean {
  return /^(?!secure-signing\/).+(:(?!latest$)[\w.-]+|@sha256:\w+)$/.test(image)
}
