// A service as a process of this machine, with the permissions that Node gives it in its image.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { CHECKOUT } from '../cli/checkout.ts'
import { UserError } from '../cli/terminal.ts'
import { readFlags } from '../images/containerfile.ts'
import type { ImageName } from '../images/image-references.ts'

const KILL_MS = 3_000

export type LocalService = {
  /** Resolves when the service listens. Rejects as `ended` does. */
  listening: Promise<void>
  /** Rejects with UserError when the service ends. */
  ended: Promise<never>
  stop: () => Promise<void>
}

/** `folders` maps folders of the image to folders of this machine. `onLine` receives each line of the log. */
export function startLocalService(
  name: ImageName,
  env: Record<string, string>,
  folders: Record<string, string>,
  onLine: (line: string) => void = () => {},
): LocalService {
  const flags = readFlags(name, { '/app': CHECKOUT, ...folders })
  // From Node 25 on, the permissions include the network.
  if (process.allowedNodeEnvironmentFlags.has('--allow-net')) flags.push('--allow-net')
  const child = spawn(process.execPath, [...flags, join(CHECKOUT, name, 'main.ts')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const log = createInterface(child.stdout)
  let last = ''
  log.on('line', (line) => {
    last = line
    onLine(line)
  })
  const closed = once(child, 'close')
  const ended = closed.then(() => {
    throw explainEnd(name, env, last)
  })
  ended.catch(() => {})
  const listens = new Promise<void>((resolve) => {
    log.on('line', (line) => line.includes('"event":"listening"') && resolve())
  })
  async function stop(): Promise<void> {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), KILL_MS)
    await closed
    clearTimeout(timer)
  }
  return { listening: Promise.race([listens, ended]), ended, stop }
}

function explainEnd(name: string, env: Record<string, string>, last: string): UserError {
  if (last.includes('EADDRINUSE')) {
    return new UserError(
      `port ${env.FRONTEND_PORT} is in use`,
      'Stop the program that uses it, or choose another port: make demo DEMO_PORT=8090',
    )
  }
  return new UserError(
    `the ${name} ended: ${last}`,
    'Remove the reason, and run `make demo` again.',
  )
}
