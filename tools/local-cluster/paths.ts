// Where things are: the cache (by version, shared between checkouts), this checkout's cluster state, and the node's own view.
import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { CHECKOUT } from '../cli/checkout.ts'

/** The cluster's state: certificates, etcd, images, logs. It survives a stop; `make cluster-delete` removes it whole. */
export const STATE = join(CHECKOUT, '.cluster')
export const KUBECONFIG = join(STATE, 'kubeconfig')
/** Of the cluster that `make kind` makes, which is another. */
export const KIND_KUBECONFIG = join(STATE, 'kind-kubeconfig')
export const LOGS = join(STATE, 'log')
export const PKI = join(STATE, 'pki')
/** kubectl and istioctl of this cluster's versions. */
export const TOOLS = join(STATE, 'bin')
/** The base image that the local images are built on, for `make deploy` to know their tags by. */
export const NODE_IMAGE_FILE = join(STATE, 'node-image')
export const GATEWAY_URL_FILE = join(STATE, 'gateway-url')

/** Compiled programs, root file systems and system images, each in a folder named by its version. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'secure-signing')

/** One cgroup holds all of this checkout's Pods, so that two checkouts never touch each other's. */
export const CGROUP = `secure-signing-${createHash('sha256').update(STATE).digest('hex').slice(0, 8)}`

/** The same folders as the node's processes see them: short and fixed, whatever the checkout is called. */
export const IN_NODE = {
  state: '/node/state',
  cache: '/node/cache',
  source: '/node/source',
} as const

/** A path of the cache or the checkout as the node's processes see it. */
export function toNodePath(path: string): string {
  if (path.startsWith(`${CACHE}/`)) return path.replace(CACHE, IN_NODE.cache)
  if (path.startsWith(`${CHECKOUT}/`)) return path.replace(CHECKOUT, IN_NODE.source)
  throw new Error(`the node does not see ${path}`)
}

export const NODE_IP = '10.10.0.2'
export const API_SERVICE_IP = '10.96.0.1'
/** nodePort of the ingress gateway's port 80, see istio-operator.yaml. */
export const GATEWAY_NODE_PORT = 30080
