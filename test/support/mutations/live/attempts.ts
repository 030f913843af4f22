// What code in the application's container tries at its own container. This file is sent into the container.
import { spawnSync } from 'node:child_process'
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  unlinkSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

const DEPTH = 3
const MOST = 200
const folders = ['/', '/app', '/tmp', '/run', '/var', '/etc', '/dev/shm', '/root', '/nodejs']
const system = /^\/(proc|sys|dev)(\/|$)/

/** Returns the names of the attempts that work, e.g. "writes /app". */
export async function tryEverything(): Promise<string[]> {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point !== '/' && !system.test(point))
  const files = points.flatMap((point) => walk(point, DEPTH)).slice(0, MOST)
  const attempts: [string, () => unknown][] = [
    ...files.map((file): [string, () => unknown] => [`reads ${file}`, () => read(file)]),
    ...[...new Set([...folders, ...points])].map((folder): [string, () => unknown] => [
      `writes ${folder}`,
      () => write(folder),
    ]),
    ...['/etc/shadow', '/proc/1/environ', '/proc/kcore', '/proc/keys', '/dev/mem'].map(
      (file): [string, () => unknown] => [`reads ${file}`, () => read(file)],
    ),
    ['starts a process', start],
    ['opens a Unix socket', () => listen('\0attempt')],
    ['becomes root', () => process.setuid?.(0)],
    ['becomes the proxy', () => process.setgid?.(1337)],
    ...readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid): [string, () => unknown] => [
        `sees the process ${describe(pid)}`,
        () => accessSync(`/proc/${pid}/root/`, constants.R_OK),
      ]),
  ]
  const done: string[] = []
  for (const [name, attempt] of attempts) {
    const works = await Promise.resolve()
      .then(attempt)
      .then(() => true)
      .catch(() => false)
    if (works) done.push(name)
  }
  return [...new Set(done)]
}

function walk(path: string, depth: number): string[] {
  if (depth === 0) return []
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((each) => {
      // kubelet's folders with a time in their name.
      if (each.name.startsWith('..')) return []
      const inner = join(path, each.name)
      return each.isDirectory() ? walk(inner, depth - 1) : [inner]
    })
  } catch {
    return [path]
  }
}

function read(file: string): void {
  const opened = openSync(file, 'r')
  readSync(opened, Buffer.alloc(1))
  closeSync(opened)
}

function write(folder: string): void {
  const file = join(folder, 'attempt')
  closeSync(openSync(file, 'w'))
  unlinkSync(file)
}

function start(): void {
  const { error } = spawnSync(process.execPath, ['--version'])
  if (error !== undefined) throw error
}

function listen(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(path, () => server.close(() => resolve()))
  })
}

function describe(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return 'of another'
  }
}
