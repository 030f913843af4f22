// What Pod Security "restricted" just allows, as changes of an allowed Pod.
import type { ResourceChange } from '../change-resource.ts'
import { allowedVolumes } from './restricted-volumes.ts'

const pod = 'spec.securityContext'
const own = 'spec.containers.0.securityContext'
const initial = 'spec.initContainers.0.securityContext'
const localhost = { type: 'Localhost', localhostProfile: 'x' }

const sysctls: Record<string, string> = {
  'kernel.shm_rmid_forced': '1',
  'net.ipv4.ip_local_port_range': '1024 65535',
  'net.ipv4.tcp_syncookies': '1',
  'net.ipv4.ping_group_range': '1 0',
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ip_local_reserved_ports': '8080',
  'net.ipv4.tcp_keepalive_time': '60',
  'net.ipv4.tcp_fin_timeout': '60',
  'net.ipv4.tcp_keepalive_intvl': '60',
  'net.ipv4.tcp_keepalive_probes': '6',
  'net.ipv4.tcp_rmem': '4096 8192 16384',
  'net.ipv4.tcp_wmem': '4096 8192 16384',
}

export const restrictedPods: readonly [name: string, ...changes: ResourceChange[]][] = [
  ['no change'],
  [
    'every allowed kind of volume',
    ['spec.volumes', allowedVolumes.map((volume, index) => ({ name: `v${index}`, ...volume }))],
  ],
  [
    'every safe sysctl',
    [`${pod}.sysctls`, Object.entries(sysctls).map(([name, value]) => ({ name, value }))],
  ],
  ['the capability to bind a low port', [`${own}.capabilities.add`, ['NET_BIND_SERVICE']]],
  ...['container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'].map(
    (type): [string, ResourceChange, ResourceChange] => [
      `the SELinux type ${type}`,
      [`${pod}.seLinuxOptions`, { type, level: 's0:c1,c2' }],
      [`${own}.seLinuxOptions`, { type }],
    ],
  ),
  [
    'Localhost profiles',
    [`${pod}.seccompProfile`, localhost],
    [`${own}.seccompProfile`, localhost],
    [`${pod}.appArmorProfile`, localhost],
    [`${own}.appArmorProfile`, { type: 'RuntimeDefault' }],
  ],
  [
    'seccomp set by each container',
    [`${pod}.seccompProfile`, undefined],
    [`${own}.seccompProfile`, localhost],
    [`${initial}.seccompProfile`, { type: 'RuntimeDefault' }],
  ],
  [
    'runAsNonRoot set by each container',
    [`${pod}.runAsNonRoot`, undefined],
    [`${own}.runAsNonRoot`, true],
    [`${initial}.runAsNonRoot`, true],
  ],
  ['a user', [`${pod}.runAsUser`, 1]],
  ['explicit defaults', [`${own}.procMount`, 'Default'], [`${own}.privileged`, false]],
  ['a container port', ['spec.containers.0.ports', [{ containerPort: 80 }]]],
  [
    'a probe and a hook without a host',
    ['spec.containers.0.livenessProbe', { httpGet: { port: 80 } }],
    ['spec.containers.0.readinessProbe', { exec: { command: ['x'] } }],
    ['spec.containers.0.lifecycle', { preStop: { tcpSocket: { port: 80 } } }],
  ],
]
