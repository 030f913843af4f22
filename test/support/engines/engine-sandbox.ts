// A sandbox for container engines: Docker, podman and a registry from Debian's packages, in namespaces of their own. They change
// nothing on this machine, and see no other container. The sandbox ends with the test file, or when its process ends.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { buildDebian } from '../../../tools/local-cluster/images/root-file-systems.ts'
import { CACHE } from '../../../tools/local-cluster/paths.ts'
import { cleanUp } from '../clean-up.ts'

const packages = [
  ...['docker.io', 'docker-cli', 'docker-buildx', 'iptables', 'tini'],
  ...['podman', 'crun', 'netavark', 'uidmap', 'passt'],
  ...['docker-registry', 'ca-certificates', 'iproute2', 'mount'],
]

type As = { uid?: number; env?: Record<string, string> }

export type EngineSandbox = {
  /** A writable folder, which the sandbox has under the same path. It has the checkout and the cache too, for reading. */
  folder: string
  /** Returns the words of a command with the sandbox's programs, by root or by the user with this id. */
  enter: (words: readonly string[], as?: As) => string[]
  /** Runs a command in the sandbox, and returns its standard output. */
  run: (words: readonly string[], as?: As) => Promise<string>
  /** Starts a program that ends with the sandbox. Its output is in `name`.log in the folder. */
  start: (name: string, words: readonly string[]) => Promise<void>
  /** Runs one of this machine's programs in the sandbox's network. */
  runInNetwork: (words: readonly string[]) => Promise<string>
}

/** Starts a sandbox. Needs root, and Linux with cgroup v2, also if that is beside v1. */
export async function startEngineSandbox(): Promise<EngineSandbox> {
  const options = { suite: 'trixie' }
  const root = join(await buildDebian('engines', 'essential', 'root', packages, options), 'root')
  const folder = await mkdtemp(join(tmpdir(), 'secure-signing-'))
  await chmod(folder, 0o755)
  const words = [join(import.meta.dirname, 'keep.sh'), root, folder, CHECKOUT, CACHE]
  // Detached, so that Ctrl-C does not end it before it has cleaned up.
  const stdio = ['pipe', 'pipe', 'inherit'] as const
  const keeper = spawn('unshare', ['--mount', 'sh', ...words], {
    detached: true,
    stdio: [...stdio],
  })
  const closed = once(keeper, 'close')
  cleanUp(async () => {
    keeper.stdin?.end()
    await closed
  })
  const [init] = await Promise.race([once(keeper.stdout, 'data'), closed.then(() => [])])
  if (init === undefined) throw new Error('the sandbox for container engines did not start')
  // The keeper alone sees this mount.
  const cgroup = join(`/proc/${keeper.pid}/root`, folder, 'cgroups', basename(folder), 'init')
  return describeSandbox(folder, String(init).trim(), join(cgroup, 'cgroup.procs'))
}

function describeSandbox(folder: string, init: string, cgroup: string): EngineSandbox {
  // Before the command enters, because from inside the sandbox it could not.
  const enterCgroup = ['sh', '-euc', 'echo $$ >"$1"; shift; exec "$@"', 'sh', cgroup]
  const network = ['nsenter', '--target', init, '--net']
  const all = ['--mount', '--pid', '--ipc', '--uts', '--cgroup', '--root', '--wd']
  const enter = (words: readonly string[], { uid = 0, env = {} }: As = {}) => {
    const settings = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', ...env }
    const assignments = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
    const user = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
    return [...enterCgroup, ...network, ...all, ...user, 'env', ...assignments, ...words]
  }
  const runAll = ([command = '', ...args]: readonly string[]) => run(command, args)
  return {
    folder,
    enter,
    run: (words, as) => runAll(enter(words, as)),
    start: async (name, words) => {
      const log = await open(join(folder, `${name}.log`), 'w')
      const [command = '', ...args] = enter(words)
      spawn(command, args, { detached: true, stdio: ['ignore', log.fd, log.fd] }).unref()
      await log.close()
    },
    runInNetwork: (words) => runAll([...network, ...words]),
  }
}
