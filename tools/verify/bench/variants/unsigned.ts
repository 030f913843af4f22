// Our frontend without a signer: the same routes, configuration and flags, but each answer has the same text in place of a
// signature. make bench alone builds it, to measure what the mesh costs by itself.
import { createApp } from '../../../../frontend/app.ts'
import { loadConfig } from '../../../../frontend/config.ts'
import { createFrontendMetrics } from '../../../../frontend/metrics.ts'
import { runService } from '../../../../runtime/service.ts'

/** As long as a signature, and never a valid one. */
const unsigned = {
  signature: 'unsigned'.repeat(8),
  key_id: 'key-1',
  algorithm: 'HMAC-SHA256',
} as const

await runService(
  () => loadConfig(process.env),
  ({ port, host, shutdownDelayMs, maxRequests }, deps) => {
    createFrontendMetrics(deps.metrics.registry)
    const app = createApp({
      ...deps,
      askSigner: async () => unsigned,
      requireSigner: () => {},
      maxRequests,
    })
    return { app, address: { port, host }, shutdownDelayMs }
  },
)
