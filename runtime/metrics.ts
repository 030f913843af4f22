// Metrics in the text format of Prometheus. There are few process metrics, because Node's permission model blocks /proc.
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { type ErrorCode, statusOf } from './errors.ts'

const DURATION_BUCKETS_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5,
]
/** Other methods get the label `other`, so that callers cannot create series. */
const knownMethods = ['GET', 'HEAD', 'POST']

/** `route` is undefined if no route matched, and `code` if the request did not fail. */
export type ServedRequest = {
  method: string
  route: string | undefined
  status: number
  code: ErrorCode | undefined
}
export type ObserveRequest = (request: ServedRequest, seconds: number) => void
export type Metrics = { registry: Registry; observeRequest: ObserveRequest }

/** Returns a function that describes a metric of `registry`. */
export function describeIn(registry: Registry) {
  return <T extends string>(name: string, help: string, ...labelNames: T[]) => {
    return { name, help, labelNames, registers: [registry] }
  }
}

/** Makes a registry with the metrics that both services share. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const describe = describeIn(registry)
  const timed = 'Time to answer a request, in seconds. The count is the number of requests.'
  const durations = new Histogram({
    ...describe('http_request_duration_seconds', timed, 'method', 'route', 'status'),
    buckets: DURATION_BUCKETS_SECONDS,
  })
  const failed = 'Requests that got a problem response, by its code.'
  const problems = new Counter(describe('http_problems_total', failed, 'code'))
  // Each series starts at 0, because Prometheus sees no increase in the first value of a series.
  for (const code of Object.keys(statusOf)) problems.inc({ code }, 0)
  new Gauge({
    ...describe('process_resident_memory_bytes', 'Resident memory size in bytes.'),
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
  const started = 'Start time of the process, in seconds since 1970.'
  new Gauge(describe('process_start_time_seconds', started)).set(
    Date.now() / 1_000 - process.uptime(),
  )
  return {
    registry,
    observeRequest: ({ method, route = 'other', status, code }, seconds) => {
      const known = knownMethods.includes(method) ? method : 'other'
      durations.observe({ method: known, route, status }, seconds)
      if (code !== undefined) problems.inc({ code })
    },
  }
}
