// Starts the process of a load on this machine or in a Pod's network.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { CACHE } from '../../../local-cluster/paths.ts'
import type { Order } from './worker.ts'

/** `startMs`: from the start of the process to the first outcome of a request. `ended`: what the worker prints at the end. */
export type WorkerProcess = { startMs: number; ended: Promise<string>; end: () => void }

/** `pid`: a process in the network namespace of the load. The default is that of this machine. */
export type StartOptions = { pid?: number | undefined; withinMs?: number }

const worker = join(import.meta.dirname, 'worker.ts')
/** For the first outcome. A busy machine takes seconds to start a process. */
const START_MS = 60_000
/** Node's cache of compiled code. It halves the processor time of the start. */
const NODE_COMPILE_CACHE = join(CACHE, 'compiled-code')

/** Returns once a request has an outcome, so that nobody judges a load that has sent nothing. */
export async function startWorker(
  order: Order,
  { pid, withinMs = START_MS }: StartOptions = {},
): Promise<WorkerProcess> {
  const begin = performance.now()
  const node = [process.execPath, worker]
  const [command = '', ...args] =
    pid === undefined ? node : ['nsenter', `--net=/proc/${pid}/ns/net`, ...node]
  const env = { NODE_COMPILE_CACHE, ...process.env }
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const { kind } = order.spec
  const lines = createInterface({ input: child.stdout })
  const output: string[] = []
  lines.on('line', (line) => output.push(line))
  const ended = once(child, 'close').then(([code, signal]) => {
    const [, result] = output
    if (code === 0 && result !== undefined) return result
    throw new Error(`${kind}: the process of the load exited with ${code ?? signal}`)
  })
  // It may end before anyone waits for that.
  ended.catch(() => {})
  // A process that has ended takes no order.
  child.stdin.on('error', () => {}).write(`${JSON.stringify(order)}\n`)
  const settled = new AbortController()
  const begun = once(lines, 'line', { signal: settled.signal })
  const timeout = sleep(withinMs, 'timeout', { signal: settled.signal })
  try {
    if ((await Promise.race([begun, ended, timeout])) === 'timeout') {
      child.kill('SIGKILL')
      throw new Error(`${kind}: no request of the load got an outcome within ${withinMs / 1_000} s`)
    }
  } finally {
    settled.abort()
    for (const each of [begun, timeout]) each.catch(() => {})
  }
  return { startMs: performance.now() - begin, ended, end: () => child.stdin.end() }
}
