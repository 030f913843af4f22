// Frontend and signer as two containers of an engine, as `make demo` runs them as two processes. They share a socket.
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { vi } from 'vitest'
import { primaryEntry } from '../../../tools/deploy/keys/entries.ts'
import { START_MS } from '../timeouts.ts'
import type { EngineSandbox } from './engine-sandbox.ts'
import type { Engine } from './engines.ts'

/** As the Pod runs its containers. podman limits processes by default, which needs a controller. */
const restricted = [
  ...['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges', '--pids-limit=0'],
]

/** Posts a message, and prints the answer. A signer that has just started may answer too late. */
const post = `
const [, url, message] = process.argv
const headers = { 'content-type': 'application/json' }
const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ message }) })
const text = await response.text()
if (!response.ok) throw new Error(response.status + ' ' + text)
console.log(text)`

/** Runs both, has one message signed, and removes them. */
export async function signInContainers(
  sandbox: EngineSandbox,
  engine: Engine,
  images: { frontend: string; signer: string },
  message: string,
) {
  const folder = join(sandbox.folder, `pair-${randomBytes(4).toString('hex')}`)
  const key = randomBytes(32)
  for (const name of ['key', 'pairing', 'socket']) {
    await mkdir(join(folder, name), { recursive: true })
    await chmod(join(folder, name), 0o777)
  }
  await writeFile(join(folder, 'key/key-1'), key)
  await writeFile(join(folder, 'key', primaryEntry), 'key-1')
  const shared = mounts(folder, { pairing: '/run/pairing', socket: '/run/signer' })
  const port = 8080
  try {
    await start(engine, 'signer', [
      ...['--network=none', ...mounts(folder, { key: '/run/key' }), ...shared],
      ...variables({
        SIGNER_SOCKET: '/run/signer/signer.sock',
        SIGNER_KEY_DIR: '/run/key',
        SIGNER_PAIRING_DIR: '/run/pairing',
        SIGNER_FREEZE_DIR: 'none',
        SIGNER_PEER: 'container',
      }),
      images.signer,
    ])
    await start(engine, 'frontend', [
      ...['--network=host', ...shared],
      ...variables({
        FRONTEND_HOST: '127.0.0.1',
        FRONTEND_PORT: String(port),
        SIGNER_URL: 'unix:/run/signer/signer.sock:/sign',
        CALLER_TOKEN_FILE: 'none',
        PAIRING_SECRET_FILE: '/run/pairing/secret',
      }),
      images.frontend,
    ])
    const url = `http://127.0.0.1:${port}/process`
    const ask = ['--input-type=module', '-e', post, url, message]
    const text = await vi.waitFor(() => sandbox.runInNetwork([process.execPath, ...ask]), {
      timeout: START_MS,
      interval: 300,
    })
    return { key, answer: JSON.parse(text) }
  } finally {
    await engine.tryRun('rm', '--force', 'frontend', 'signer')
  }
}

function start(engine: Engine, name: string, args: readonly string[]): Promise<string> {
  return engine.run('run', '--detach', `--name=${name}`, ...restricted, ...args)
}

function mounts(folder: string, paths: Record<string, string>): string[] {
  return Object.entries(paths).map(([name, path]) => `--volume=${join(folder, name)}:${path}`)
}

function variables(values: Record<string, string>): string[] {
  return Object.entries(values).map(([name, value]) => `--env=${name}=${value}`)
}
