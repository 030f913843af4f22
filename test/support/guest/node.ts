// A node in a guest: containerd of Debian and kubelet of the local cluster, without an API server. kubelet runs the Pods in its
// manifest folder.
import { join } from 'node:path'
import { stringify } from 'yaml'
import { buildDebian } from '../../../tools/local-cluster/images/root-file-systems.ts'
import type { GuestFile } from './guest-disk.ts'
import { GUEST_SUITE } from './guest-programs.ts'

export const MANIFESTS = '/etc/kubernetes/manifests'
/** The guest's folder with kubelet. */
export const PROGRAMS = '/opt/programs'
export const PAUSE_IMAGE = 'localhost/secure-signing/pause:1'

/** Provides the root file system, with `more` packages. */
export async function buildGuestNode(more: readonly string[]): Promise<string> {
  const packages = [
    ...['containerd', 'runc', 'mount', 'util-linux', 'iproute2', 'kmod', 'socat'],
    ...more,
  ]
  const options = { suite: GUEST_SUITE }
  return join(await buildDebian('guest-node', 'essential', 'root', packages, options), 'root')
}

const containerd = `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
`
const kubelet = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  staticPodPath: MANIFESTS,
  containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
  cgroupDriver: 'cgroupfs',
  authentication: { anonymous: { enabled: false }, webhook: { enabled: false } },
  authorization: { mode: 'AlwaysAllow' },
  enableServer: false,
  makeIPTablesUtilChains: false,
  // An emulated machine is slow.
  runtimeRequestTimeout: '5m',
  imageGCHighThresholdPercent: 100,
  evictionHard: { 'nodefs.available': '0%', 'imagefs.available': '0%', 'nodefs.inodesFree': '0%' },
}

export const nodeFiles: Record<string, GuestFile> = {
  '/etc/containerd/config.toml': { text: containerd },
  '/etc/kubelet.yaml': { text: stringify(kubelet) },
  // kubelet and containerd hand these on to Pods with the node's network.
  '/etc/hosts': { text: '127.0.0.1 localhost\n10.0.0.1 guest\n' },
  '/etc/hostname': { text: 'guest\n' },
  '/etc/resolv.conf': { text: '' },
  '/etc/machine-id': { text: `${'1'.repeat(32)}\n` },
}

/** Shell functions, and the start of the node. `labels`: of the node, as kubelet takes them. */
export function startNode(labels: string): string {
  return `
# Waits until a command succeeds, for at most $1 seconds.
await() {
  end=$(($(cut -d. -f1 /proc/uptime) + $1)); shift
  until "$@" >/dev/null 2>&1; do
    [ "$(cut -d. -f1 /proc/uptime)" -lt $end ] || { echo "no success in time: $*"; return 1; }
    sleep 0.5
  done
}
TASKS=/run/containerd/io.containerd.runtime.v2.task/k8s.io
# Prints the id of the running container $1.
container() {
  for config in $(grep -l "\\"io.kubernetes.cri.container-name\\":\\"$1\\"" $TASKS/*/config.json); do
    id=$(basename "$(dirname "$config")")
    [ ! -e "/proc/$(cat "$TASKS/$id/init.pid")/exe" ] || echo "$id"
  done
}
process() { cat "$TASKS/$(container "$1")/init.pid"; }
runs() { [ -n "$(container "$1")" ]; }
# Prints the log of container $1, as it was written.
logs() { cut -d' ' -f4- /var/log/pods/*/"$1"/*.log; }
section() { echo "=== $1 at $(cut -d' ' -f1 /proc/uptime)"; }
explain() { grep -E 'level=(warning|error)' /var/log/containerd.log | tail -n 10; grep -E '^[EW]|admit|manifest' /var/log/kubelet.log | tail -n 30; }
ip link set lo up
ip address add 10.0.0.1/32 dev lo
modprobe overlay
mkdir -p ${MANIFESTS}
containerd >/var/log/containerd.log 2>&1 &
await 60 ctr version
${PROGRAMS}/kubelet --config=/etc/kubelet.yaml --hostname-override=guest --node-ip=10.0.0.1 \\
  --node-labels='${labels}' >/var/log/kubelet.log 2>&1 &
`
}
