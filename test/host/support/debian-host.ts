// Debian 13 as its installer leaves it, with what the README's local cluster needs.
import { join } from 'node:path'
import { buildDebian } from '../../../tools/local-cluster/images/root-file-systems.ts'

export async function buildDebianHost(): Promise<string> {
  const packages = [
    ...['systemd-sysv', 'udev', 'dbus', 'kmod', 'apparmor', 'iproute2', 'sudo', 'procps', 'curl'],
    // What the README and tools/local-cluster/requirements.ts name. Node comes from node_modules, Go and npm from this machine.
    ...['git', 'make', 'python3-pip', 'mmdebstrap', 'openssl', 'ca-certificates'],
  ]
  const made = await buildDebian('debian-host', 'essential', 'root', packages, { suite: 'trixie' })
  return join(made, 'root')
}
