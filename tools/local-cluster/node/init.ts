// Runs in the node's namespaces. It sets up the network, starts the components and restarts them. SIGTERM stops them in order.
// All other processes end with the first process of the PID namespace.
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { run, tryRun } from '../../cli/exec.ts'
import { atPace, measurePace } from '../../cli/pace.ts'
import { IN_NODE, NODE_IP } from '../paths.ts'
import { inNodeNetwork, listComponents, type NodeSettings } from './components.ts'
import { type Supervised, supervise } from './supervise.ts'

const LOGS = `${IN_NODE.state}/log`
const POLL_MS = 200
const networkPlugins = ['bridge', 'host-local', 'loopback', 'portmap']
const networkConfig = '/etc/cni/net.d/10-pods.conflist'

measurePace()
const settings: NodeSettings = JSON.parse(process.argv[2] ?? '{}')
const { first, second } = listComponents(settings)
const running: Supervised[] = []
process.once('SIGTERM', () => void stopAll())
process.once('SIGINT', () => void stopAll())

await setUpNetwork()
mkdirSync(`${IN_NODE.state}/kubelet`, { recursive: true })
setUpNetworkPlugins()
for (const program of first) running.push(supervise(program, LOGS))
// A controller manager that starts before the API server has created its roles ends without permissions.
await waitForApiServer()
for (const program of second) running.push(supervise(program, LOGS))

async function setUpNetwork(): Promise<void> {
  execFileSync('hostname', ['mesh-node'])
  writeFileSync('/etc/resolv.conf', 'nameserver 127.0.0.1\n')
  const ip = (...args: string[]) => run('ip', ['-n', 'node', ...args])
  await run('ip', ['netns', 'add', 'node'])
  await ip('link', 'set', 'lo', 'up')
  // A veth pair, because not every kernel has the device "dummy". It leads nowhere, so no packet leaves the node.
  await ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'uplink')
  await ip('link', 'set', 'uplink', 'up')
  await ip('addr', 'add', `${NODE_IP}/24`, 'dev', 'eth0')
  await ip('link', 'set', 'eth0', 'up')
  await ip('route', 'add', 'default', 'dev', 'eth0')
  const forward = 'echo 1 > /proc/sys/net/ipv4/ip_forward'
  const bridged = 'echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables'
  const [command = '', ...args] = inNodeNetwork(['sh', '-c', `${forward} && ${bridged}`])
  await run(command, args)
}

function setUpNetworkPlugins(): void {
  for (const name of networkPlugins) {
    const target = `/opt/cni/bin/${name}`
    copyFileSync(`/usr/lib/cni/${name}`, target)
    chmodSync(target, 0o755)
  }
  mkdirSync('/run/cni-addresses')
  if (!existsSync(networkConfig)) {
    copyFileSync(`${IN_NODE.source}/tools/local-cluster/node/10-pods.conflist`, networkConfig)
  }
}

async function waitForApiServer(): Promise<void> {
  const kubectl = `${settings.kubernetesFolder}/kubectl`
  const kubeconfig = `--kubeconfig=${IN_NODE.state}/pki/admin.conf`
  const [command = '', ...args] = inNodeNetwork([kubectl, kubeconfig, 'get', '--raw', '/readyz'])
  while ((await tryRun(command, args, { timeoutMs: 5_000 })).code !== 0) {
    // On a slow machine, kubectl takes the processor from the API server.
    await sleep(atPace(POLL_MS))
  }
}

async function stopAll(): Promise<void> {
  // kubelet stops first, so that nothing restarts containers. etcd stops after the API server, which hangs without it. Pods
  // are not stopped gracefully: they must survive a power failure anyway.
  for (const name of ['kubelet', 'kube-controller-manager', 'kube-apiserver', 'etcd']) {
    await running.find((each) => each.name === name)?.stop(2_000)
  }
  process.exit(0)
}
