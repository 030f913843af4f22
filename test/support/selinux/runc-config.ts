// The configuration of a container for runc, as containerd writes it.

export const LEVEL = 's0:c417,c893'
export const VOLUMES = '/var/lib/kubelet/pods/guest/volumes'

export type Process = {
  image: string
  args: readonly string[]
  env?: readonly string[]
  user: number
  type: string
  level?: string
  /** Volume → path in the container. The volume is read-only if `readOnly` has it. */
  volumes: Record<string, string>
  readOnly?: readonly string[]
  seccomp?: unknown
  capabilities?: readonly string[]
}

export function composeConfig(name: string, process: Process): object {
  const { level = LEVEL, readOnly = [], seccomp, capabilities = [], user } = process
  const bind = (source: string, destination: string, ...more: string[]) => ({
    ...{ source, destination, type: 'bind', options: ['rbind', 'rprivate', ...more] },
  })
  const mount = (type: string, destination: string, ...more: string[]) => ({
    ...{ type, destination, source: type, options: ['nosuid', ...more] },
  })
  const volumes = Object.entries(process.volumes).map(([volume, path]) =>
    bind(`${VOLUMES}/${volume}`, path, readOnly.includes(volume) ? 'ro' : 'rw', 'noexec'),
  )
  return {
    ociVersion: '1.1.0',
    root: { path: `/run/rootfs/${process.image}`, readonly: true },
    process: {
      user: { uid: user, gid: user },
      args: process.args,
      env: ['PATH=/usr/bin:/bin', ...(process.env ?? [])],
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: capabilities.length === 0,
      selinuxLabel: `system_u:system_r:${process.type}:${level}`,
    },
    mounts: [
      mount('proc', '/proc', 'noexec', 'nodev'),
      mount('tmpfs', '/dev', 'strictatime', 'mode=755'),
      mount('devpts', '/dev/pts', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'),
      mount('mqueue', '/dev/mqueue', 'noexec', 'nodev'),
      mount('sysfs', '/sys', 'noexec', 'nodev', 'ro'),
      mount('cgroup', '/sys/fs/cgroup', 'noexec', 'nodev', 'ro'),
      bind('/run/shm-pod', '/dev/shm', 'rw'),
      bind('/confined', '/confined', 'ro'),
      bind('/confined/hosts', '/etc/hosts', 'ro'),
      ...volumes,
    ],
    linux: {
      // Without namespaces of its own for the network and for processes, so that the probe finds the peer.
      namespaces: [{ type: 'mount' }],
      cgroupsPath: `/kubepods/${name}`,
      mountLabel: `system_u:object_r:container_file_t:${level}`,
      ...(seccomp !== undefined && { seccomp }),
    },
  }
}
