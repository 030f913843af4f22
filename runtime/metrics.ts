// Metrics in Prometheus' text format. What the permission model keeps Node from reading in /proc is not guessed at.
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { type ErrorCode, statusOf } from './errors.ts'

const DURATION_BUCKETS_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5,
]
/** What others call their methods is theirs; a label has few values. */
const knownMethods = ['GET', 'HEAD', 'POST']

/** `method` and `route` as they came; `route` is undefined if there is none. `code`: what it failed with, if it has. */
export type ServedRequest = {
  method: string
  route: string | undefined
  status: number
  code: ErrorCode | undefined
}
export type ObserveRequest = (request: ServedRequest, seconds: number) => void
export type Metrics = { registry: Registry; observeRequest: ObserveRequest }

/** Makes a registry with the metrics that every service has. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from a request being routed to its answer being ready; the count is that of requests.',
    labelNames: ['method', 'route', 'status'],
    buckets: DURATION_BUCKETS_SECONDS,
    registers,
  })
  const problems = new Counter({
    name: 'http_problems_total',
    help: 'Requests that were answered with a problem, by its code.',
    labelNames: ['code'],
    registers,
  })
  // From 0: of a series that begins with its first event, Prometheus sees no increase.
  for (const code of Object.keys(statusOf)) problems.inc({ code }, 0)
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory size in bytes.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'Start time of the process since unix epoch in seconds.',
    registers,
  }).set(Date.now() / 1_000 - process.uptime())
  return {
    registry,
    observeRequest: ({ method, route = 'other', status, code }, seconds) => {
      const known = knownMethods.includes(method) ? method : 'other'
      durations.observe({ method: known, route, status }, seconds)
      if (code !== undefined) problems.inc({ code })
    },
  }
}
