// The root file system of a machine with Docker, as a user of kind has it.
import { join } from 'node:path'
import { buildDebian } from '../../../tools/local-cluster/images/root-file-systems.ts'

const packages = [
  ...['docker.io', 'docker-cli', 'docker-buildx', 'iptables', 'ca-certificates'],
  // For make and its programs. Node.js needs the libraries.
  ...['make', 'openssl', 'curl', 'libstdc++6', 'libatomic1'],
  ...['mount', 'util-linux', 'hostname', 'iproute2', 'procps', 'kmod'],
]

export async function buildMachineRoot(): Promise<string> {
  const options = { suite: 'trixie' }
  return join(await buildDebian('docker-machine', 'essential', 'root', packages, options), 'root')
}
