// Paths: the cache, which checkouts share, the cluster state of this checkout, and both as the node sees them.
import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { CHECKOUT } from '../cli/checkout.ts'

/** The cluster's state: certificates, etcd, images, logs. It survives a stop. `make cluster-delete` removes it. */
export const STATE = join(CHECKOUT, '.cluster')
export const KUBECONFIG = join(STATE, 'kubeconfig')
export const KIND_KUBECONFIG = join(STATE, 'kind-kubeconfig')
/** Settings for kubelet, by files that end in .conf. Only tests write some. */
export const KUBELET_SETTINGS = join(STATE, 'kubelet')
export const LOGS = join(STATE, 'log')
export const PKI = join(STATE, 'pki')
/** kubectl and istioctl in the versions of this cluster. */
export const TOOLS = join(STATE, 'bin')
/** Names the base image of the local images. `make deploy` needs it to compute their tags. */
export const NODE_IMAGE_FILE = join(STATE, 'node-image')
export const GATEWAY_URL_FILE = join(STATE, 'gateway-url')

/** Compiled programs, root file systems and system images. The name of each folder contains its version. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'secure-signing')

/** The cgroup of all Pods of this checkout. Two checkouts never touch each other's Pods. */
export const CGROUP = `secure-signing-${createHash('sha256').update(STATE).digest('hex').slice(0, 8)}`

/** The same folders as the node's processes see them. */
export const IN_NODE = {
  state: '/node/state',
  cache: '/node/cache',
  source: '/node/source',
} as const

export function toNodePath(path: string): string {
  if (path.startsWith(`${CACHE}/`)) return path.replace(CACHE, IN_NODE.cache)
  if (path.startsWith(`${CHECKOUT}/`)) return path.replace(CHECKOUT, IN_NODE.source)
  throw new Error(`${path} is outside of cache and checkout, so the node cannot see it`)
}

export const NODE_IP = '10.10.0.2'
export const API_SERVICE_IP = '10.96.0.1'
/** The nodePort of the ingress gateway's port 80 in istio-operator.yaml. */
export const GATEWAY_NODE_PORT = 30080
