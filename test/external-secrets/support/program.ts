// A program that runs beside the tests and ends with them, however they end.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const STOP_MS = 5_000

export type Program = {
  readLog: () => string
  stop: () => Promise<void>
}

/** Starts `command`. Its environment is `env` and PATH. */
export function startProgram(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Program {
  const { PATH } = process.env
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
    env: { ...env, PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  const listen = (chunk: Buffer) => {
    log += chunk
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  const ended = once(child, 'close')
  return {
    readLog: () => log,
    stop: async () => {
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      child.kill()
      await ended
      clearTimeout(timer)
    },
  }
}
