// What an attacker tries in a container: sockets, rights and places to write. This file is sent into the container.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

export type Attempt = { what: string; result: string }

const describe = (error: unknown) => (error as NodeJS.ErrnoException).code ?? String(error)

/** Lists the Unix sockets of the network namespace. Abstract ones begin with "@". */
function listSocketNames(): string[] {
  const lines = readFileSync('/proc/net/unix', 'latin1').trim().split('\n').slice(1)
  return [...new Set(lines.map((line) => line.split(/\s+/).slice(7).join(' ')))].filter(Boolean)
}

function listSocketFiles(folder = '/'): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name)
      if (path === '/proc' || path === '/sys') return []
      if (entry.isDirectory()) return listSocketFiles(path)
      return entry.isSocket() ? [path] : []
    })
  } catch {
    return []
  }
}

function tryToConnect(to: { path: string } | { host: string; port: number }): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(to)
    socket.on('connect', () => {
      socket.destroy()
      resolve('connected')
    })
    socket.on('error', (error) => resolve(describe(error)))
  })
}

/** Connects to every Unix socket that it finds, and to the paths of the signer's socket in other containers. */
export async function connectToSockets(): Promise<{ seen: string[]; attempts: Attempt[] }> {
  const seen = listSocketNames()
  const guesses = ['/run/signer/signer.sock', '/proc/1/root/run/signer/signer.sock']
  const attempts: Attempt[] = []
  for (const what of new Set([...seen, ...listSocketFiles(), ...guesses])) {
    attempts.push({ what, result: await tryToConnect({ path: what.replace(/^@/, '\0') }) })
  }
  return { seen, attempts }
}

/** Tries to write a program into every folder and to start it. */
export function writeEverywhere(): { written: string[]; started: Attempt[] } {
  const written: string[] = []
  const started: Attempt[] = []
  function walk(folder: string): void {
    const file = join(folder, '.attack')
    try {
      writeFileSync(file, '#!/nodejs/bin/node\n', { mode: 0o777 })
      written.push(folder)
      const { error } = spawnSync(file)
      started.push({ what: file, result: error === undefined ? 'started' : describe(error) })
      rmSync(file)
    } catch {
      // This folder is read-only.
    }
    let entries: { name: string; isDirectory(): boolean }[] = []
    try {
      entries = readdirSync(folder, { withFileTypes: true })
    } catch {
      return
    }
    for (const entry of entries) {
      const path = join(folder, entry.name)
      if (entry.isDirectory() && path !== '/proc' && path !== '/sys') walk(path)
    }
  }
  walk('/')
  return { written, started }
}

/** Asks the kernel for every right that Node can, and returns the status of the process. */
export function takeRights(): { attempts: Attempt[]; status: Record<string, string> } {
  const attempts: Attempt[] = []
  function attempt(what: string, how: () => unknown): void {
    try {
      how()
      attempts.push({ what, result: 'done' })
    } catch (error) {
      attempts.push({ what, result: describe(error) })
    }
  }
  for (const id of [0, 1337, 10_002]) {
    attempt(`setuid ${id}`, () => process.setuid?.(id))
    attempt(`setgid ${id}`, () => process.setgid?.(id))
    attempt(`setgroups ${id}`, () => process.setgroups?.([id]))
  }
  for (const name of [
    '/proc/sysrq-trigger',
    '/proc/sys/kernel/core_pattern',
    '/proc/1/oom_score_adj',
  ]) {
    attempt(`write ${name}`, () => writeFileSync(name, '-1000'))
  }
  for (const program of ['sh', 'mount', 'unshare', 'nsenter', 'su', 'curl', 'ip', 'busybox']) {
    attempt(`start ${program}`, () => {
      const { error } = spawnSync(program)
      if (error !== undefined) throw error
    })
  }
  const lines = readFileSync('/proc/self/status', 'utf8').matchAll(/^(\w+):\t(.*)$/gm)
  return {
    attempts,
    status: Object.fromEntries([...lines].map(([, name, value]) => [name, value])),
  }
}

/** Sends SIGUSR1, which opens Node's inspector, to every process. Returns the inspector ports that answer. */
export async function wakeInspectors(): Promise<number[]> {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  for (const id of ids.map(Number).filter((each) => each !== process.pid)) {
    try {
      process.kill(id, 'SIGUSR1')
    } catch {
      // A process of another user.
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const ports = [9229, 9230, 9231]
  const results = await Promise.all(ports.map((port) => tryToConnect({ host: '127.0.0.1', port })))
  return ports.filter((_, index) => results[index] === 'connected')
}
