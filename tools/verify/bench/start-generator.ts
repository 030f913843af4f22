// Starts the processes that send loads: in the network of this machine, or in that of a Pod, but outside of its CPU limits.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Load, LoadRequest } from './generator.ts'

/** `generate` sends one load at a time. */
export type Generator = { generate: (load: LoadRequest) => Promise<Load>; stop: () => void }

const program = join(import.meta.dirname, 'generator-process.ts')

/** Starts a generator in the network namespace that the file `network` stands for, or in that of this machine. */
export function startGenerator(network?: string): Generator {
  const node = [process.execPath, program]
  const [command = '', ...args] =
    network === undefined ? node : ['nsenter', `--net=${network}`, ...node]
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  return {
    generate: (load) => {
      child.send(load)
      return receive(child)
    },
    stop: () => child.kill('SIGKILL'),
  }
}

async function receive(child: ChildProcess): Promise<Load> {
  const ended = new AbortController()
  const exit = once(child, 'exit', { signal: ended.signal }).then(([code, signal]) => {
    throw new Error(`the load generator ended with ${code ?? signal}`)
  })
  try {
    const [load] = await Promise.race([once(child, 'message', { signal: ended.signal }), exit])
    return load
  } finally {
    ended.abort()
    exit.catch(() => {})
  }
}
