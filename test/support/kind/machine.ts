// A machine with Docker: Debian's root file system and an engine, in namespaces of its own. It has no network but its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { type RunOptions, type RunResult, run, tryRun } from '../../../tools/cli/exec.ts'
import { CACHE } from '../../../tools/local-cluster/paths.ts'

const START_DEADLINE_MS = 60_000
const POLL_MS = 200

/**
 * $1: state. $2: the name of the cgroup. The rest: the command. It removes what namespaces do not: the cgroups of the containers,
 * and Docker's data. It is detached, so Ctrl-C does not end it. Its standard input ends with the tests, however they end.
 */
const keeper = `
state=$1 cgroup=$2
shift 2
unshare --mount --uts --ipc --pid --net --fork --kill-child "$@" >"$state/kind/machine.log" 2>&1
find /sys/fs/cgroup -depth -type d -path "*/$cgroup*" -exec rmdir {} ';'
rm -rf --one-file-system "$state"
`

export type Machine = {
  /** A folder of this machine that is /kind in the other. */
  folder: string
  /** Runs a command there, in the checkout. */
  tryRun: (command: readonly string[], options?: RunOptions) => Promise<RunResult>
  run: (command: readonly string[], options?: RunOptions) => Promise<string>
  stop: () => Promise<void>
}

/** Starts it in `root`. `path` is the PATH of its commands. */
export async function startMachine(root: string, path: string): Promise<Machine> {
  const state = await mkdtemp(join(tmpdir(), 'secure-signing-kind-'))
  for (const name of ['mnt', 'docker', 'kind']) await mkdir(join(state, name))
  const cgroup = basename(state)
  const enter = ['sh', join(import.meta.dirname, 'enter.sh'), state, CACHE, CHECKOUT, root, cgroup]
  const child = spawn('sh', ['-c', keeper, 'sh', state, cgroup, ...enter], {
    detached: true,
    stdio: ['pipe', 'inherit', 'inherit'],
    cwd: '/',
  })
  const ended = once(child, 'close')
  const stop = async () => {
    child.stdin.end()
    await ended
  }
  const env = { PATH: path, HOME: '/root', NO_COLOR: '1' }
  const inside = (init: string, command: readonly string[]) => [
    ...['--target', init, '--mount', '--uts', '--ipc', '--pid', '--net', `--wdns=${CHECKOUT}`],
    ...command,
  ]
  try {
    const init = await findInit(child.pid)
    const folder = join(state, 'kind')
    const machine: Machine = {
      folder,
      tryRun: (command, options) => tryRun('nsenter', inside(init, command), { env, ...options }),
      run: (command, options) => run('nsenter', inside(init, command), { env, ...options }),
      stop,
    }
    await waitForDocker(machine)
    return machine
  } catch (error) {
    await stop()
    throw error
  }
}

/** Returns the process that is the first of the namespaces: sh starts unshare, and unshare starts it. */
async function findInit(keeper: number | undefined): Promise<string> {
  const deadline = Date.now() + START_DEADLINE_MS
  while (Date.now() < deadline) {
    const unshare = await findChild(String(keeper))
    const init = unshare && (await findChild(unshare))
    if (init) return init
    await sleep(POLL_MS)
  }
  throw new Error('the machine did not start')
}

async function findChild(pid: string): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text.trim().split(' ')[0]
}

async function waitForDocker(machine: Machine): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS
  while ((await machine.tryRun(['docker', 'info'])).code !== 0) {
    if (Date.now() > deadline) {
      const log = (name: string) => readFile(join(machine.folder, name), 'utf8').catch(() => '')
      throw new Error(
        `Docker did not start:\n${await log('machine.log')}\n${await log('dockerd.log')}`,
      )
    }
    await sleep(POLL_MS)
  }
}
