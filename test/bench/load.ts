// Load on one server, bounded in time, and what came of it.
import autocannon from 'autocannon'

const CONNECTIONS = 8
const SECONDS = 4

export type Target = {
  url: string
  socketPath?: string
  headers: Record<string, string>
  body: string
}
export type Load = { perSecond: number; p50Ms: number; p99Ms: number }

/** Sends the same POST over and over. Throws if any answer is not a 2xx. */
export async function applyLoad(target: Target): Promise<Load> {
  const result = await autocannon({
    ...target,
    method: 'POST',
    connections: CONNECTIONS,
    duration: SECONDS,
  })
  const failed = result.non2xx + result.errors
  if (failed > 0 || result['2xx'] === 0)
    throw new Error(`${failed} requests of ${target.url} failed`)
  return {
    perSecond: result['2xx'] / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  }
}

/** The middle one by requests a second. */
export function takeMedian(loads: readonly Load[]): Load {
  const sorted = loads.toSorted((a, b) => a.perSecond - b.perSecond)
  const median = sorted[Math.floor(sorted.length / 2)]
  if (median === undefined) throw new Error('no measurement')
  return median
}
