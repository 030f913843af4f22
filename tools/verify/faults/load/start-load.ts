// Starts loads and collects their samples.
import type { Sample } from './schedule.ts'
import type { LoadOrder } from './worker.ts'
import { type StartOptions, startWorker } from './worker-process.ts'

/** `stop` ends the load and returns a sample for each request, in the order of sending. It can be called twice. */
export type RunningLoad = { stop: () => Promise<Sample[]> }

/** Returns once the load has its first outcome. */
export async function startLoad(order: LoadOrder, options?: StartOptions): Promise<RunningLoad> {
  const { end, ended } = await startWorker(order, options)
  return {
    stop: async () => {
      end()
      return JSON.parse(await ended)
    },
  }
}
