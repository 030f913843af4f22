// What Pod Security "restricted" refuses, by the fixtures of k8s.io/pod-security-admission, as changes of an accepted Pod.
import { namespace as ours } from '../../../kube/names.ts'
import type { Resource } from '../../../kube/resources.ts'
import type { ResourceChange } from '../change-resource.ts'
import { confined, makePod } from '../pods.ts'
import { restrictedVolumes } from './restricted-volumes.ts'

export type PodSecurityCase = {
  name: string
  changes: ResourceChange[]
  /** The messages of the policy and of Pod Security. */
  says: string
  theySay: string
}

/** A Pod with a container of each kind. Only the second may have probes and hooks. */
export function makeRestrictedPod(namespace = ours): Resource {
  const sidecar = { name: 'sidecar', image: 'sidecar', restartPolicy: 'Always', ...confined }
  const pod = makePod({ initContainers: [structuredClone(sidecar)], volumes: [] })
  return structuredClone({ ...pod, metadata: { ...pod.metadata, namespace, annotations: {} } })
}

const host = '192.0.2.1'
const pod = 'spec.securityContext'
const unconfined = { type: 'Unconfined' }

type Row = [name: string, says: string, theySay: string, ...changes: ResourceChange[]]

const ofPod: Row[] = [
  ...['hostNetwork', 'hostPID', 'hostIPC'].map(
    (name): Row => [name, 'namespaces of the host', 'host namespaces', [`spec.${name}`, true]],
  ),
  [
    'windowsHostProcess',
    'process of the host',
    'hostProcess',
    [`${pod}.windowsOptions`, { hostProcess: true }],
    ['spec.hostNetwork', true],
  ],
  ['appArmorProfile', 'AppArmor', 'AppArmor', [`${pod}.appArmorProfile`, unconfined]],
  ...['attacker', 'sidecar'].map((name): Row => {
    const key = `container~1apparmor~1security~1beta~1kubernetes~1io/${name}`
    const change: ResourceChange = [`metadata.annotations.${key}`, 'unconfined']
    return [`AppArmor's annotation for ${name}`, 'AppArmor', 'AppArmor', change]
  }),
  ['seLinuxOptions.type', 'SELinux type', 'seLinux', [`${pod}.seLinuxOptions`, { type: 'spc_t' }]],
  ['seLinuxOptions.user', 'user or role', 'seLinux', [`${pod}.seLinuxOptions`, { user: 'root' }]],
  [
    'seLinuxOptions.role',
    'user or role',
    'seLinux',
    [`${pod}.seLinuxOptions`, { role: 'sysadm_r' }],
  ],
  ['no seccompProfile', 'seccomp profile', 'seccomp', [`${pod}.seccompProfile`, undefined]],
  ['seccompProfile', 'seccomp profile', 'seccomp', [`${pod}.seccompProfile`, unconfined]],
  ['sysctls', 'sysctls', 'sysctls', [`${pod}.sysctls`, [{ name: 'kernel.msgmax', value: '1' }]]],
  ['runAsNonRoot', 'runAsNonRoot', 'runAsNonRoot', [`${pod}.runAsNonRoot`, false]],
  ['no runAsNonRoot', 'runAsNonRoot', 'runAsNonRoot', [`${pod}.runAsNonRoot`, undefined]],
  ['runAsUser', 'runAsUser', 'runAsUser=0', [`${pod}.runAsUser`, 0]],
  ...restrictedVolumes.map(
    (volume): Row => [
      `volume ${Object.keys(volume)[0]}`,
      'a volume must be',
      'restricted volume types',
      ['spec.volumes.+', { name: 'v', ...volume }],
    ],
  ),
]

/** Cases for the container at the path `at`, also for ephemeral containers. */
export const listContainerRows = (at: string, own = `${at}.securityContext`): Row[] => [
  [
    'privileged',
    'must not be privileged',
    'privileged',
    [`${own}.privileged`, true],
    [`${own}.allowPrivilegeEscalation`, true],
  ],
  ['no capabilities.drop', 'capabilities', 'capabilities', [`${own}.capabilities`, undefined]],
  ['one dropped', 'capabilities', 'capabilities', [`${own}.capabilities.drop`, ['NET_RAW']]],
  ['one added', 'capabilities', 'capabilities', [`${own}.capabilities.add`, ['CHOWN']]],
  ['SYS_ADMIN', 'capabilities', 'capabilities', [`${own}.capabilities.add`, ['SYS_ADMIN']]],
  ['appArmorProfile', 'AppArmor', 'AppArmor', [`${own}.appArmorProfile`, unconfined]],
  ['seLinuxOptions.type', 'SELinux type', 'seLinux', [`${own}.seLinuxOptions`, { type: 'spc_t' }]],
  ['seLinuxOptions.user', 'user or role', 'seLinux', [`${own}.seLinuxOptions`, { user: 'root' }]],
  [
    'seLinuxOptions.role',
    'user or role',
    'seLinux',
    [`${own}.seLinuxOptions`, { role: 'sysadm_r' }],
  ],
  ['seccompProfile', 'seccomp profile', 'seccomp', [`${own}.seccompProfile`, unconfined]],
  [
    'allowPrivilegeEscalation',
    'gain privileges',
    'allowPrivilegeEscalation',
    [`${own}.allowPrivilegeEscalation`, true],
  ],
  [
    'no allowPrivilegeEscalation',
    'gain privileges',
    'allowPrivilegeEscalation',
    [`${own}.allowPrivilegeEscalation`, undefined],
  ],
  ['runAsNonRoot', 'runAsNonRoot', 'runAsNonRoot', [`${own}.runAsNonRoot`, false]],
  ['runAsUser', 'runAsUser', 'runAsUser=0', [`${own}.runAsUser`, 0]],
]

const listActionRows = (at: string): Row[] =>
  ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle.postStart', 'lifecycle.preStop']
    .flatMap((place) => ['httpGet', 'tcpSocket'].map((action) => [place, action] as const))
    .map(([place, action]): Row => {
      const [field = '', hook] = place.split('.')
      const asked = { [action]: { host, port: 8080 } }
      const change: ResourceChange = [
        `${at}.${field}`,
        hook === undefined ? asked : { [hook]: asked },
      ]
      return [`${place}.${action}.host`, 'probes and hooks', 'probe or lifecycle host', change]
    })

const listInnerRows = (at: string): Row[] => [
  ...listContainerRows(at),
  ...listActionRows(at),
  [
    'hostPort',
    'port of the host',
    'hostPort',
    [`${at}.ports`, [{ containerPort: 80, hostPort: 80 }]],
  ],
  [
    'procMount',
    'masked',
    'procMount',
    [`${at}.securityContext.procMount`, 'Unmasked'],
    ['spec.hostUsers', false],
  ],
]

const ofEither = ['spec.containers.0', 'spec.initContainers.0'].flatMap((at) =>
  listInnerRows(at).map(([name, ...rest]): Row => [`${at}: ${name}`, ...rest]),
)

/** Cases for any Pod with a container of this name. */
export const listPodRows = (container: string): Row[] => [
  ...ofPod,
  ...listInnerRows(`spec.containers.${container}`).map(
    ([name, ...rest]): Row => [`${name} of its container`, ...rest],
  ),
]

export const podSecurityCases: readonly PodSecurityCase[] = [...ofPod, ...ofEither].map(
  ([name, says, theySay, ...changes]) => ({ name, says, theySay, changes }),
)
