// Starts loads on this machine or in a Pod's network, and collects their samples.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Sample } from './schedule.ts'
import type { LoadOrder } from './worker.ts'

/** `stop` ends the load and returns a sample for each request, in the order of sending. It can be called twice. */
export type RunningLoad = { stop: () => Promise<Sample[]> }

const worker = join(import.meta.dirname, 'worker.ts')

/** Starts a load in the network namespace of the process `pid`, or of this machine. */
export function startLoad(order: LoadOrder, pid?: number): RunningLoad {
  const node = [process.execPath, worker]
  const [command = '', ...args] =
    pid === undefined ? node : ['nsenter', `--net=/proc/${pid}/ns/net`, ...node]
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const samples = Promise.all([once(child, 'close'), text(child.stdout)]).then(
    ([[code], output]) => {
      if (code !== 0) throw new Error(`a load exited with ${code}`)
      return JSON.parse(output) as Sample[]
    },
  )
  child.stdin.write(`${JSON.stringify(order)}\n`)
  return {
    stop: () => {
      child.stdin.end()
      return samples
    },
  }
}
