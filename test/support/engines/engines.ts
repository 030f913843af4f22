// The engines of a sandbox, as programs for the PATH. Users have one of them.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { vi } from 'vitest'
import { type RunResult, run, tryRun } from '../../../tools/cli/exec.ts'
import { START_MS } from '../timeouts.ts'
import { type EngineSandbox, startEngineSandbox } from './engine-sandbox.ts'
import { login, REGISTRY, startRegistry } from './registry.ts'

/** Docker with BuildKit stores images by itself, or in containerd, as newer versions do. podman needs no root. */
export const engineNames = ['docker', 'docker-containerd', 'podman', 'podman-rootless'] as const
export type EngineName = (typeof engineNames)[number]

export type Engine = {
  builder: 'docker' | 'podman'
  /** The folder for the PATH. */
  bin: string
  /** Runs it with these arguments, and returns its standard output. */
  run: (...args: string[]) => Promise<string>
  tryRun: (...args: string[]) => Promise<RunResult>
}

const UID = 1_000
const makeUser = `
echo builder:x:${UID}:${UID}::/home/builder:/bin/sh >>/etc/passwd
echo builder:x:${UID}: >>/etc/group
echo builder:100000:65536 | tee /etc/subuid >/etc/subgid
mkdir -p "$1" /run/user/${UID}
chown ${UID}:${UID} "$1" /run/user/${UID}
`

/** Two Dockers in one network would remove each other's bridge and rules. No container here needs them. */
const withoutBridge = ['--bridge=none', '--iptables=false', '--ip6tables=false']

/** Starts a sandbox with a registry and all engines, which are logged in. */
export async function startSandboxWithEngines() {
  const sandbox = await startEngineSandbox()
  await startRegistry(sandbox)
  return { sandbox, engines: await startEngines(sandbox) }
}

/** Starts the engines, and logs them in. */
async function startEngines(sandbox: EngineSandbox): Promise<Record<EngineName, Engine>> {
  const home = join(sandbox.folder, 'home')
  await sandbox.run(['sh', '-euc', makeUser, 'sh', home])
  const user = { uid: UID, env: { HOME: home, XDG_RUNTIME_DIR: `/run/user/${UID}` } }
  // podman reads Docker's login too.
  const ofDocker = { env: { DOCKER_CONFIG: join(sandbox.folder, 'login-of-docker') } }
  const containerd = { env: { ...ofDocker.env, DOCKER_HOST: await startContainerdStore(sandbox) } }
  await sandbox.start('dockerd', ['dockerd', ...withoutBridge])
  const engines = {
    docker: await describeEngine(sandbox, 'docker', 'docker', ofDocker),
    'docker-containerd': await describeEngine(sandbox, 'docker-containerd', 'docker', containerd),
    podman: await describeEngine(sandbox, 'podman', 'podman'),
    'podman-rootless': await describeEngine(sandbox, 'podman-rootless', 'podman', user),
  }
  for (const engine of Object.values(engines)) {
    await vi.waitFor(() => engine.run('info'), { timeout: START_MS, interval: 200 })
    await logIn(engine)
  }
  return engines
}

export function logIn(engine: Engine): Promise<string> {
  return engine.run('login', '--username', login.user, '--password', login.password, REGISTRY)
}

/** Starts a second Docker. Returns its address. */
async function startContainerdStore({ folder, start }: EngineSandbox): Promise<string> {
  const own = join(folder, 'docker-containerd')
  await mkdir(own)
  const settings = { features: { 'containerd-snapshotter': true } }
  await writeFile(join(own, 'daemon.json'), JSON.stringify(settings))
  const address = 'unix:///run/docker-containerd.sock'
  const paths = { 'data-root': 'data', 'config-file': 'daemon.json' }
  const inRun = { 'exec-root': 'docker-containerd', pidfile: 'docker-containerd.pid' }
  const args = [
    ...Object.entries(paths).map(([name, path]) => `--${name}=${join(own, path)}`),
    ...Object.entries(inRun).map(([name, path]) => `--${name}=${join('/run', path)}`),
  ]
  await start('dockerd-containerd', ['dockerd', `--host=${address}`, ...withoutBridge, ...args])
  return address
}

/** Writes its program, which root or another user of the sandbox runs. */
export async function describeEngine(
  sandbox: EngineSandbox,
  name: string,
  builder: Engine['builder'],
  as: Parameters<EngineSandbox['enter']>[1] = {},
): Promise<Engine> {
  const bin = join(sandbox.folder, 'bin', name)
  const program = join(bin, builder)
  await mkdir(bin, { recursive: true })
  const words = sandbox.enter([builder], as).map((word) => `'${word}'`)
  await writeFile(program, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o755 })
  return {
    builder,
    bin,
    run: (...args) => run(program, args),
    tryRun: (...args) => tryRun(program, args),
  }
}
