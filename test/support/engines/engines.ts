// The engines of a room, as programs for the PATH. Users have one of them.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { vi } from 'vitest'
import { type RunResult, run, tryRun } from '../../../tools/cli/exec.ts'
import { START_MS } from '../timeouts.ts'
import { type EngineRoom, startEngineRoom } from './engine-room.ts'
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

/** Starts a room with a registry and all engines, which are logged in. */
export async function startRoomWithEngines() {
  const room = await startEngineRoom()
  await startRegistry(room)
  return { room, engines: await startEngines(room) }
}

/** Starts the engines, and logs them in. */
async function startEngines(room: EngineRoom): Promise<Record<EngineName, Engine>> {
  const home = join(room.folder, 'home')
  await room.run(['sh', '-euc', makeUser, 'sh', home])
  const user = { uid: UID, env: { HOME: home, XDG_RUNTIME_DIR: `/run/user/${UID}` } }
  // podman reads Docker's login too.
  const ofDocker = { env: { DOCKER_CONFIG: join(room.folder, 'login-of-docker') } }
  const containerd = { env: { ...ofDocker.env, DOCKER_HOST: await startContainerdStore(room) } }
  await room.start('dockerd', ['dockerd', ...withoutBridge])
  const engines = {
    docker: await describeEngine(room, 'docker', 'docker', ofDocker),
    'docker-containerd': await describeEngine(room, 'docker-containerd', 'docker', containerd),
    podman: await describeEngine(room, 'podman', 'podman'),
    'podman-rootless': await describeEngine(room, 'podman-rootless', 'podman', user),
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
async function startContainerdStore({ folder, start }: EngineRoom): Promise<string> {
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

/** Writes its program, which root or another user of the room runs. */
export async function describeEngine(
  room: EngineRoom,
  name: string,
  builder: Engine['builder'],
  as: Parameters<EngineRoom['enter']>[1] = {},
): Promise<Engine> {
  const bin = join(room.folder, 'bin', name)
  const program = join(bin, builder)
  await mkdir(bin, { recursive: true })
  const words = room.enter([builder], as).map((word) => `'${word}'`)
  await writeFile(program, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o755 })
  return {
    builder,
    bin,
    run: (...args) => run(program, args),
    tryRun: (...args) => tryRun(program, args),
  }
}
