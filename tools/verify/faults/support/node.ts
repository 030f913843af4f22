// The processes of the local cluster's node, seen from this machine.
import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../../../cli/terminal.ts'
import { findNode, type Node } from '../../../local-cluster/node/node-process.ts'
import { isLocalCluster } from '../../attack/tokens.ts'
import { readMemoryMib } from '../../memory.ts'
import type { Pod } from './pods.ts'

const POLL_MS = 20

/** Throws UserError unless the cluster is the local one, whose processes may be killed. */
export function requireLocalCluster(): void {
  if (isLocalCluster) return
  throw new UserError(
    'faults need access to the processes of the node, which only the local cluster gives',
    'Unset KUBECONFIG, and run `make cluster`.',
  )
}

export async function requireNode(): Promise<Node> {
  const node = await findNode()
  if (node !== undefined) return node
  throw new UserError('the local cluster does not run', 'Run `make cluster`.')
}

/** Finds the first process of the node, by its id on this machine. */
export async function findNodeInit(): Promise<number> {
  return (await requireNode()).init
}

/** Finds the process of a Pod's sandbox. It has the Pod's network namespace, and lives as long as the Pod. */
export function findSandboxOf(uid: string): Promise<number> {
  return findProcess(`pod${uid}`, 'pause')
}

/** Finds the process of a program in a container, e.g. "node" or "envoy". */
export function findInContainer(pod: Pod, container: string, command: string): Promise<number> {
  return findProcess(pod.containers[container]?.id ?? 'no such container', command)
}

/** Finds a process of the node itself, e.g. "kubelet". */
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
      // By its program, because a process can change its name. It may end at any time.
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
  throw new Error(`found ${pids.length} processes of ${command}, expected one`)
}

/** Kills a process with SIGKILL, and waits until it has ended. */
export async function killProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  while (await isRunning(pid)) await sleep(POLL_MS)
}

async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  // A zombie has ended, but its parent has not read its status.
  return stat !== undefined && !stat.slice(stat.lastIndexOf(')')).startsWith(') Z')
}

const measuredContainers = ['frontend', 'signer'] as const

/** Describes e.g. "Peak memory: frontend 90 MiB, signer 78 MiB". Throws if a container has restarted. */
export async function readPeakMib(pod: Pod): Promise<string> {
  const peaks = await Promise.all(
    measuredContainers.map(async (name) => `${name} ${await readMib(pod, name, 'VmHWM')} MiB`),
  )
  return `Peak memory: ${peaks.join(', ')}`
}

/** Reads the resident memory of a container's Node: the peak (VmHWM) or what it has now (VmRSS). */
export async function readMib(
  pod: Pod,
  container: string,
  field: 'VmHWM' | 'VmRSS',
): Promise<number> {
  return Math.round(await readMemoryMib(await findInContainer(pod, container, 'node'), field))
}
