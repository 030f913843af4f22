// A service's life: checks, start, readiness off, drain, exit. Exit codes: 0 asked to, 1 could not, 78 misconfigured.
import { once } from 'node:events'
import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { emptyCoreDumps } from './core-dumps.ts'
import { EnvironmentError } from './environment.ts'
import type { App } from './http/http-app.ts'
import { createHttpServer } from './http/http-server.ts'
import { type Address, listenOn } from './http/listen.ts'
import { createLog, type Log } from './log.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { findVersionProblem } from './node-version.ts'

/** EX_CONFIG of sysexits(3): restarting does not help. */
const EXIT_CONFIG = 78
/** Of requests under way; after that their connections are closed. */
const DRAIN_DEADLINE_MS = 10_000
const IDLE_SWEEP_MS = 50

export type ServiceDeps = { log: Log; metrics: Metrics; isDraining: () => boolean }
/** `lingerMs`: how long requests are still taken after SIGTERM, while not ready, for callers who do not know it yet. */
export type Service = { app: App; address: Address; lingerMs: number }

/** Runs a service until SIGTERM or SIGINT. Never returns to a caller that has something left to do. */
export async function runService<C>(
  readConfig: () => C,
  createService: (config: C, deps: ServiceDeps) => Service | Promise<Service>,
): Promise<void> {
  const log = createLog()
  if (!emptyCoreDumps()) log('warn', 'core_dumps_on', { reason: 'no /proc/self/coredump_filter' })
  const config = checkConfig(readConfig, log)
  let draining = false
  const isDraining = () => draining
  const { app, address, lingerMs } = await createService(config, {
    log,
    metrics: createMetrics(),
    isDraining,
  })
  const server = createHttpServer(app, isDraining)
  try {
    log('info', 'listening', { address: await listenOn(server, address) })
  } catch (error) {
    log('error', 'listen_failed', { reason: error instanceof Error ? error.message : 'unknown' })
    process.exit(1)
  }
  const signal = await Promise.race([nextSignal('SIGTERM'), nextSignal('SIGINT')])
  draining = true
  log('info', 'draining', { signal })
  await sleep(lingerMs)
  await drain(server)
  log('info', 'stopped')
  process.exit(0)
}

function checkConfig<C>(readConfig: () => C, log: Log): C {
  const outdated = findVersionProblem(process.version)
  try {
    if (outdated !== undefined) throw new EnvironmentError([outdated])
    return readConfig()
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error
    log('error', 'config_invalid', { problems: error.message })
    process.exit(EXIT_CONFIG)
  }
}

async function nextSignal(signal: 'SIGTERM' | 'SIGINT'): Promise<string> {
  await once(process, signal)
  return signal
}

async function drain(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  // A connection becomes idle when its last answer is out, and close() has looked only once.
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS)
  const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_DEADLINE_MS)
  await closed
  clearInterval(sweep)
  clearTimeout(deadline)
}
