// The processes of the local cluster's node, as this machine sees them.
import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../../../cli/terminal.ts'
import { findNode, type Node } from '../../../local-cluster/node/node-process.ts'
import { isLocalCluster } from '../../attack/tokens.ts'
import type { Pod } from './pods.ts'

const POLL_MS = 20

/** Throws UserError unless the cluster is the local one, whose processes may be killed. */
export function requireLocalCluster(): void {
  if (isLocalCluster) return
  throw new UserError(
    'faults are induced on the node itself: that takes the local cluster',
    'unset KUBECONFIG; make cluster brings it up',
  )
}

export async function requireNode(): Promise<Node> {
  const node = await findNode()
  if (node !== undefined) return node
  throw new UserError('the local cluster is not up', 'make cluster')
}

/** The first process of the node, by the machine's counting. */
export async function findNodeInit(): Promise<number> {
  return (await requireNode()).init
}

/** The process of a Pod's sandbox, which lives as long as the Pod: its network is the Pod's. */
export function findSandboxOf(uid: string): Promise<number> {
  return findProcess(`pod${uid}`, 'pause')
}

/** The process of the program `command` in a container, e.g. "node", "envoy". */
export function findInContainer(pod: Pod, container: string, command: string): Promise<number> {
  return findProcess(pod.containers[container]?.id ?? 'no such container', command)
}

/** A process of the node itself, e.g. "kubelet". */
export async function findOnNode(command: string): Promise<number> {
  const namespace = await readlink(`/proc/${await findNodeInit()}/ns/pid`)
  const found = await findProcesses(command, async (pid) => {
    return (await readlink(`/proc/${pid}/ns/pid`)) === namespace
  })
  return takeOne(found, command)
}

async function findProcess(cgroup: string, command: string): Promise<number> {
  const found = await findProcesses(command, async (pid) => {
    return (await readFile(`/proc/${pid}/cgroup`, 'utf8')).includes(cgroup)
  })
  return takeOne(found, command)
}

async function findProcesses(
  command: string,
  isWanted: (pid: number) => Promise<boolean>,
): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0)
  const found = await Promise.all(
    pids.map(async (pid) => {
      // Not by its name, which a process can choose. It may end while it is looked at.
      const program = await readlink(`/proc/${pid}/exe`).catch(() => '')
      const isFound = basename(program) === command && (await isWanted(pid).catch(() => false))
      return isFound ? [pid] : []
    }),
  )
  return found.flat()
}

function takeOne(pids: readonly number[], command: string): number {
  const [pid, ...others] = pids
  if (pid !== undefined && others.length === 0) return pid
  throw new Error(`${pids.length} processes ${command}, expected one`)
}

/** Kills a process with SIGKILL, and returns when it is gone. */
export async function killProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  while (await isThere(pid)) await sleep(POLL_MS)
}

async function isThere(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  // A zombie is gone but for its parent's reading.
  return stat !== undefined && !stat.slice(stat.lastIndexOf(')')).startsWith(') Z')
}
