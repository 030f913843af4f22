// The programs of the node, in the order in which they start.
import { API_SERVICE_IP, GATEWAY_NODE_PORT, IN_NODE, NODE_IP } from '../paths.ts'
import type { Program } from './supervise.ts'

const NETWORK = '/run/netns/node'
const config = `${IN_NODE.source}/tools/local-cluster/node`
const pki = `${IN_NODE.state}/pki`
const etcd = 'http://127.0.0.1:2379'
const issuer = 'https://kubernetes.default.svc.cluster.local'
const sockets = { api: '/run/api.sock', gateway: '/run/gateway.sock' }

/** The argument of init.ts. Folders are paths in the node. */
export type NodeSettings = {
  etcdFolder: string
  kubernetesFolder: string
  cgroup: string
  /** Ports on the machine's loopback interface. */
  apiPort: number
  gatewayPort: number
}

/** The programs in `second` need a ready API server. */
export type Components = { first: Program[]; second: Program[] }

/** Returns a command that runs in the node's network namespace. */
export function inNodeNetwork(command: readonly string[]): string[] {
  return ['nsenter', `--net=${NETWORK}`, ...command]
}

export function listComponents(settings: NodeSettings): Components {
  const { kubernetesFolder, cgroup, apiPort, gatewayPort } = settings
  const program = (name: string, ...flags: string[]): Program => ({
    name,
    command: inNodeNetwork([`${kubernetesFolder}/${name}`, ...flags]),
  })
  return {
    first: [
      {
        name: 'containerd',
        command: inNodeNetwork(['containerd', '-c', `${config}/containerd.toml`]),
      },
      { name: 'etcd', command: inNodeNetwork(etcdCommand(settings.etcdFolder)) },
      program('kube-apiserver', ...apiServerFlags()),
      // These connect the machine's loopback to the node: Unix sockets work across network namespaces.
      ...bridge('api', apiPort, sockets.api, '127.0.0.1:6443'),
      ...bridge('gateway', gatewayPort, sockets.gateway, `${NODE_IP}:${GATEWAY_NODE_PORT}`),
    ],
    second: [
      program('kube-controller-manager', ...controllerManagerFlags()),
      program('kube-scheduler', ...clientFlags('scheduler'), '--leader-elect=false'),
      program(
        'kubelet',
        `--config=${config}/kubelet.yaml`,
        `--config-dir=${IN_NODE.state}/kubelet`,
        `--kubeconfig=${pki}/kubelet.conf`,
        `--cgroup-root=/${cgroup}`,
        '--hostname-override=mesh-node',
        `--node-ip=${NODE_IP}`,
      ),
      program('kube-proxy', `--config=${config}/kube-proxy.yaml`),
    ],
  }
}

function etcdCommand(folder: string): string[] {
  return [
    `${folder}/etcd`,
    `--data-dir=${IN_NODE.state}/etcd`,
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    '--listen-peer-urls=http://127.0.0.1:2380',
    // Faster. The data survives the end of the process, but not of the machine.
    '--unsafe-no-fsync',
  ]
}

function apiServerFlags(): string[] {
  return [
    `--etcd-servers=${etcd}`,
    '--secure-port=6443',
    `--advertise-address=${NODE_IP}`,
    `--tls-cert-file=${pki}/apiserver.crt`,
    `--tls-private-key-file=${pki}/apiserver.key`,
    `--client-ca-file=${pki}/ca.crt`,
    // Without this, the log has an error for every client of the aggregation layer.
    `--requestheader-client-ca-file=${pki}/ca.crt`,
    // No certificate has this name, so nobody can impersonate a user by header.
    '--requestheader-allowed-names=aggregator',
    `--service-account-issuer=${issuer}`,
    `--service-account-signing-key-file=${pki}/service-account.key`,
    `--service-account-key-file=${pki}/service-account.pub`,
    `--api-audiences=${issuer}`,
    `--service-cluster-ip-range=${API_SERVICE_IP.replace(/1$/, '0')}/16`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    `--kubelet-client-certificate=${pki}/kubelet-client.crt`,
    `--kubelet-client-key=${pki}/kubelet-client.key`,
    '--kubelet-preferred-address-types=InternalIP',
    '--allow-privileged=true',
    `--encryption-provider-config=${pki}/encryption.yaml`,
  ]
}

function controllerManagerFlags(): string[] {
  return [
    ...clientFlags('controller-manager'),
    '--leader-elect=false',
    `--service-account-private-key-file=${pki}/service-account.key`,
    `--root-ca-file=${pki}/ca.crt`,
    '--use-service-account-credentials',
    `--cluster-signing-cert-file=${pki}/ca.crt`,
    `--cluster-signing-key-file=${pki}/ca.key`,
  ]
}

function clientFlags(client: string): string[] {
  const kubeconfig = `${pki}/${client}.conf`
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
  ]
}

// socat's default backlog is 5. With more new connections at once, some hang for a minute. Without nodelay, each answer of more
// than one buffer waits for the acknowledgement of the last one, which takes 40 ms.
function bridge(name: string, port: number, socket: string, target: string): Program[] {
  const listen = `UNIX-LISTEN:${socket},fork,unlink-early,backlog=1024`
  return [
    { name: `${name}-inside`, command: inNodeNetwork(['socat', listen, `TCP:${target},nodelay`]) },
    {
      name: `${name}-outside`,
      command: [
        'socat',
        `TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr,nodelay,backlog=1024`,
        `UNIX-CONNECT:${socket}`,
      ],
    },
  ]
}
