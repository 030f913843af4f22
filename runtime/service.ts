// Runs a service: check, start, wait for a signal, drain, exit. Exit codes: 0 after a signal, 1 if it cannot listen, 78
// for an invalid configuration.
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

/** EX_CONFIG of sysexits(3): a restart does not help. */
const EXIT_CONFIG = 78
/** How long requests in progress may take before their connections are closed. */
export const DRAIN_DEADLINE_MS = 10_000
const IDLE_SWEEP_MS = 50

export type ServiceDeps = { log: Log; metrics: Metrics; isDraining: () => boolean }
/** `shutdownDelayMs`: how long new requests are accepted after SIGTERM. The service is not ready during that time. */
export type Service = { app: App; address: Address; shutdownDelayMs: number }

/** Runs a service until SIGTERM or SIGINT, then exits the process. */
export async function runService<C>(
  readConfig: () => C,
  createService: (config: C, deps: ServiceDeps) => Service | Promise<Service>,
): Promise<void> {
  const log = createLog()
  if (!emptyCoreDumps()) log('warn', 'core_dumps_on', { reason: 'no /proc/self/coredump_filter' })
  const config = checkConfig(readConfig, log)
  let draining = false
  const deps = { log, metrics: createMetrics(), isDraining: () => draining }
  const { app, address, shutdownDelayMs } = await createService(config, deps)
  const server = createHttpServer(app, deps.isDraining)
  try {
    log('info', 'listening', { address: await listenOn(server, address) })
  } catch (error) {
    log('error', 'listen_failed', { reason: error instanceof Error ? error.message : 'unknown' })
    process.exit(1)
  }
  const signals = ['SIGTERM', 'SIGINT'].map((name) => once(process, name).then(() => name))
  const signal = await Promise.race(signals)
  draining = true
  log('info', 'draining', { signal })
  await sleep(shutdownDelayMs)
  await drain(server)
  log('info', 'stopped')
  process.exit(0)
}

function checkConfig<C>(readConfig: () => C, log: Log): C {
  const outdated = findVersionProblem(process.version)
  try {
    if (outdated !== undefined) throw new EnvironmentError(outdated)
    return readConfig()
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error
    log('error', 'config_invalid', { problems: error.message })
    process.exit(EXIT_CONFIG)
  }
}

async function drain(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  // close() closes idle connections only once. Busy ones become idle after their last answer.
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS)
  const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_DEADLINE_MS)
  await closed
  clearInterval(sweep)
  clearTimeout(deadline)
}
