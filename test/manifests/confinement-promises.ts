// What the containers may do besides: users, rights, ports, images.
import { listContainers, proxyName, readPod } from './pod.ts'
import type { ResourcePromise } from './promise.ts'

const template = 'spec.template.spec'
const frontend = `${template}.containers.0`
const signer = `${template}.containers.1`
const pod = 'Deployment/secure-signing'
/** Istio's own containers run as 1337, which is how its iptables know them. */
const istioContainers = [proxyName, 'istio-validation']
const ours = (containers: ReturnType<typeof listContainers>) =>
  containers.filter(({ name }) => !istioContainers.includes(name))

export const confinementPromises: readonly ResourcePromise[] = [
  {
    title: 'the signer has no port',
    find: (resources) =>
      listContainers(readPod(resources))
        .filter(({ name, ports }) => name === 'signer' && ports.length > 0)
        .map(() => 'the signer has a containerPort'),
    broken: { 'a containerPort': [pod, `${signer}.ports`, [{ containerPort: 8081 }]] },
  },
  {
    title: 'no container runs as UID or GID 1337, or as root, and none as another',
    find: (resources) => {
      const found = readPod(resources)
      const { securityContext } = found.spec
      const users = ours(listContainers(found)).map(({ name, securityContext: own }) => ({
        name,
        user: own.runAsUser ?? securityContext.runAsUser,
        group: own.runAsGroup ?? securityContext.runAsGroup,
      }))
      const podGroups = [securityContext.fsGroup, ...securityContext.supplementalGroups]
      return [
        ...users
          .filter(({ user, group }) => !isOrdinary(user) || !isOrdinary(group))
          .map(({ name, user, group }) => `${name} runs as ${user}:${group}`),
        ...[securityContext.runAsUser, securityContext.runAsGroup, ...podGroups]
          .filter((id) => id === 1337)
          .map(() => 'the Pod has 1337'),
        ...podGroups
          .filter((group) => group !== undefined)
          .map((group) => `all containers are in group ${group}`),
        ...(new Set(users.map(({ user }) => user)).size === users.length ? [] : ['a shared user']),
        ...(new Set(users.map(({ group }) => group)).size === users.length
          ? []
          : ['a shared group']),
      ]
    },
    broken: {
      'UID 1337': [pod, `${signer}.securityContext.runAsUser`, 1337],
      'GID 1337': [pod, `${signer}.securityContext.runAsGroup`, 1337],
      'GID 1337 of the Pod': [pod, `${template}.securityContext.runAsGroup`, 1337],
      'UID 1337 of the Pod': [pod, `${template}.securityContext.runAsUser`, 1337],
      'fsGroup 1337': [pod, `${template}.securityContext.fsGroup`, 1337],
      'supplementalGroups with 1337': [
        pod,
        `${template}.securityContext.supplementalGroups`,
        [1337],
      ],
      'an fsGroup that all are in': [pod, `${template}.securityContext.fsGroup`, 10000],
      'no user said': [pod, `${frontend}.securityContext.runAsUser`, undefined],
      root: [pod, `${frontend}.securityContext.runAsUser`, 0],
      'a shared user': [pod, `${frontend}.securityContext.runAsUser`, 10002],
      'a shared group': [pod, `${frontend}.securityContext.runAsGroup`, 10002],
    },
  },
  {
    title: 'no container can write to its image, gain rights or see another',
    find: (resources) => {
      const found = readPod(resources)
      const { spec } = found
      return [
        ...ours(listContainers(found)).flatMap(({ name, securityContext: own }) => [
          ...(own.readOnlyRootFilesystem === true ? [] : [`${name} can write to its image`]),
          ...(own.allowPrivilegeEscalation === false ? [] : [`${name} may gain rights`]),
          ...(own.privileged === true ? [`${name} is privileged`] : []),
          ...(own.capabilities?.drop.includes('ALL') ? [] : [`${name} keeps capabilities`]),
          ...(own.capabilities?.add.length === 0 ? [] : [`${name} adds capabilities`]),
          ...(own.runAsNonRoot === true ? [] : [`${name} may be root`]),
        ]),
        ...(spec.securityContext.seccompProfile?.type === 'RuntimeDefault' ? [] : ['no seccomp']),
        ...(spec.hostPID || spec.hostIPC || spec.hostNetwork ? ['a namespace of the host'] : []),
        ...(spec.shareProcessNamespace ? ['/proc shows the other containers'] : []),
        ...spec.volumes
          // Istio brings none; ours neither.
          .filter(({ hostPath }) => hostPath !== undefined)
          .map(({ name }) => `${name} is of the host`),
      ]
    },
    broken: {
      'a writable image': [pod, `${signer}.securityContext.readOnlyRootFilesystem`, undefined],
      'gaining rights': [pod, `${frontend}.securityContext.allowPrivilegeEscalation`, undefined],
      privileged: [pod, `${frontend}.securityContext.privileged`, true],
      capabilities: [pod, `${signer}.securityContext.capabilities`, undefined],
      'an added capability': [pod, `${signer}.securityContext.capabilities.add`, ['NET_RAW']],
      'root allowed': [pod, `${signer}.securityContext.runAsNonRoot`, undefined],
      'no seccomp': [pod, `${template}.securityContext.seccompProfile`, undefined],
      hostPID: [pod, `${template}.hostPID`, true],
      shareProcessNamespace: [pod, `${template}.shareProcessNamespace`, true],
      hostPath: [pod, `${template}.volumes.0`, { name: 'signer-socket', hostPath: { path: '/' } }],
    },
  },
  {
    title: 'Pod Security "restricted" is enforced',
    find: (resources) =>
      resources
        .filter(({ kind }) => kind === 'Namespace')
        .filter(
          ({ metadata }) =>
            metadata.labels?.['pod-security.kubernetes.io/enforce'] !== 'restricted' ||
            metadata.labels['pod-security.kubernetes.io/enforce-version'] !== 'latest',
        )
        .map(() => 'the namespace is not restricted'),
    broken: {
      baseline: [
        'Namespace/signing',
        'metadata.labels.pod-security~1kubernetes~1io/enforce',
        'baseline',
      ],
      'an old version of it': [
        'Namespace/signing',
        'metadata.labels.pod-security~1kubernetes~1io/enforce-version',
        'v1.22',
      ],
    },
  },
  {
    title: 'every image is set, by a tag that is not latest',
    find: (resources) =>
      ours(listContainers(readPod(resources)))
        .filter(({ image }) => !/^(?!secure-signing\/).+:(?!latest$)[\w.-]+$/.test(image))
        .map(({ name, image }) => `${name} is ${image}`),
    broken: {
      'the placeholder': [pod, `${signer}.image`, 'secure-signing/signer'],
      'no tag': [pod, `${signer}.image`, 'registry.example/team/signer'],
      latest: [pod, `${frontend}.image`, 'registry.example/team/frontend:latest'],
    },
  },
]

function isOrdinary(id: number | undefined): boolean {
  return id !== undefined && id !== 0 && id !== 1337
}
