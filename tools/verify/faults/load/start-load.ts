// Starts loads, here or in a Pod's network, and collects what they saw.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Sample } from './schedule.ts'
import type { LoadOrder } from './worker.ts'

/** `stop` ends it and returns a sample for each request, in the order in which they were sent; twice is no harm. */
export type RunningLoad = { stop: () => Promise<Sample[]> }

const worker = join(import.meta.dirname, 'worker.ts')

/** Starts a load; `pid` is a process whose network it sends from, or undefined for this machine's. */
export function startLoad(order: LoadOrder, pid?: number): RunningLoad {
  const node = [process.execPath, worker]
  const [command = '', ...args] =
    pid === undefined ? node : ['nsenter', `--net=/proc/${pid}/ns/net`, ...node]
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const samples = Promise.all([once(child, 'close'), text(child.stdout)]).then(([[code], said]) => {
    if (code !== 0) throw new Error(`a load ended with ${code}`)
    return JSON.parse(said) as Sample[]
  })
  child.stdin.write(`${JSON.stringify(order)}\n`)
  return {
    stop: () => {
      child.stdin.end()
      return samples
    },
  }
}
