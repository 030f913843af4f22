// The node is a process tree of this machine in its own namespaces. When its first process ends, all its containers, mounts,
// network devices and iptables rules are gone.
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { CHECKOUT, readText } from '../../cli/checkout.ts'
import { type RunOptions, run } from '../../cli/exec.ts'
import { atPace } from '../../cli/pace.ts'
import { findFreePort } from '../free-port.ts'
import { CACHE, CGROUP, LOGS, STATE } from '../paths.ts'
import { makeCgroup, removeCgroup } from './cgroup.ts'
import type { NodeSettings } from './components.ts'

const RECORD = join(STATE, 'node.json')
const START_DEADLINE_MS = 15_000
const STOP_DEADLINE_MS = 10_000
const POLL_MS = 50
/** Used if they are free, so that the printed curl command stays the same. */
const preferredPorts = { api: 16443, gateway: 18080 }

const record = z.object({
  /** The process `unshare`. Its only child is the first process of the node's PID namespace. */
  pid: z.number(),
  /** Field 22 of /proc/<pid>/stat, because process ids are used again. */
  startedAt: z.string(),
  since: z.number(),
  apiPort: z.number(),
  gatewayPort: z.number(),
  /** The programs that it was started from. */
  origin: z.string(),
})

/** A running node. `init` is the first process of its PID namespace, as seen from the machine. */
export type Node = z.infer<typeof record> & { init: number }

/** Returns this checkout's node, or undefined if it is not running. */
export async function findNode(): Promise<Node | undefined> {
  const text = await readFile(RECORD, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const found = record.parse(JSON.parse(text))
  if ((await readStartTime(found.pid)) !== found.startedAt) return undefined
  // The process may have ended meanwhile.
  const children = await readFile(`/proc/${found.pid}/task/${found.pid}/children`, 'utf8').catch(
    () => '',
  )
  const init = Number(children.trim().split(' ')[0])
  return init > 0 ? { ...found, init } : undefined
}

type ProgramFolders = Pick<NodeSettings, 'etcdFolder' | 'kubernetesFolder'>

/** Identifies the versions of the node's programs, by the names of their folders. */
export function describeOrigin(root: string, folders: ProgramFolders): string {
  return [root, folders.etcdFolder, folders.kubernetesFolder].join(' ')
}

/** Starts the node in `root`, a folder with its root file system. The node outlives this process. */
export async function startNode(root: string, folders: ProgramFolders): Promise<Node> {
  await rm(LOGS, { recursive: true, force: true })
  for (const folder of [
    'mnt',
    'cni/net.d',
    'cni/bin',
    'kubelet',
    'log/pods',
    'etcd',
    'containerd',
  ]) {
    await mkdir(join(STATE, folder), { recursive: true, mode: 0o700 })
  }
  // Remove what a killed node has left.
  await removeCgroup(CGROUP)
  await makeCgroup(CGROUP)
  const apiPort = await findFreePort(preferredPorts.api)
  const gatewayPort = await findFreePort(preferredPorts.gateway)
  const settings: NodeSettings = { ...folders, cgroup: CGROUP, apiPort, gatewayPort }
  const log = openSync(join(LOGS, 'init.log'), 'a')
  const namespaces = ['--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child']
  const enter = [
    ...['sh', '-c', await readText('tools/local-cluster/node/enter.sh'), 'enter.sh'],
    STATE,
    CACHE,
    CHECKOUT,
    root,
  ]
  const child = spawn('unshare', [...namespaces, ...enter, JSON.stringify(settings)], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
  })
  closeSync(log)
  child.unref()
  const { pid } = child
  const startedAt = pid === undefined ? undefined : await readStartTime(pid)
  if (pid === undefined || startedAt === undefined) throw new Error('unshare did not start')
  const origin = describeOrigin(root, folders)
  const started = { pid, startedAt, since: Date.now(), apiPort, gatewayPort, origin }
  // The file must never be incomplete, because stopping the node needs it.
  await writeFile(`${RECORD}.new`, JSON.stringify(started))
  await rename(`${RECORD}.new`, RECORD)
  return waitForContainerd()
}

/** Stops the node, and removes everything but its state. */
export async function stopNode(): Promise<void> {
  const node = await findNode()
  if (node !== undefined) {
    process.kill(node.init, 'SIGTERM')
    const deadline = Date.now() + atPace(STOP_DEADLINE_MS)
    while ((await findNode()) !== undefined && Date.now() < deadline) await sleep(POLL_MS)
    if ((await findNode()) !== undefined) process.kill(node.init, 'SIGKILL')
    while ((await readStartTime(node.pid)) === node.startedAt) await sleep(POLL_MS)
  }
  await removeCgroup(CGROUP)
  await rm(RECORD, { force: true })
  await rm(join(STATE, 'mnt'), { recursive: true, force: true })
}

/** Runs a command in the node's namespaces, including its network. */
export function runInNode(
  node: Node,
  command: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const network = `--net=/proc/${node.init}/root/run/netns/node`
  const namespaces = ['--mount', '--uts', '--ipc', '--pid', network]
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' }
  return run('nsenter', ['--target', String(node.init), ...namespaces, ...command], {
    env,
    ...options,
  })
}

/** Waits until images can be imported. Returns the node. */
async function waitForContainerd(): Promise<Node> {
  const deadline = Date.now() + atPace(START_DEADLINE_MS)
  for (;;) {
    const node = await findNode()
    const socket = `/proc/${node?.init}/root/run/containerd/containerd.sock`
    if (node !== undefined && (await stat(socket).catch(() => undefined))) return node
    if (Date.now() > deadline) {
      throw new Error(`the node did not start:\n${await readFile(join(LOGS, 'init.log'), 'utf8')}`)
    }
    await sleep(POLL_MS)
  }
}

/** Returns undefined if the process does not exist. The name in field 2 may contain spaces and parentheses. */
async function readStartTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}
