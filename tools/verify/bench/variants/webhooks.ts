// Our frontend as a sender of webhooks: the same routes, configuration and flags, but each message is signed for one of many consumers.
// make bench alone builds it, to compare webhooks with raw keys.
import { createWebhookSigner } from '../../../../client/index.ts'
import { createApp } from '../../../../frontend/app.ts'
import { loadConfig } from '../../../../frontend/config.ts'
import { createFrontendMetrics } from '../../../../frontend/metrics.ts'
import { runService } from '../../../../runtime/service.ts'
import { drawConsumer } from './consumers.ts'

const signWebhook = createWebhookSigner()

await runService(
  () => loadConfig(process.env),
  ({ port, host, shutdownDelayMs, maxRequests }, deps) => {
    createFrontendMetrics(deps.metrics.registry)
    const app = createApp({
      ...deps,
      askSigner: async (message, requestId) => {
        const headers = await signWebhook(message, { consumer: drawConsumer(), requestId })
        const signature = headers['webhook-signature']
        return { signature, key_id: 'webhook-1', algorithm: 'HMAC-SHA256' }
      },
      requireSigner: () => {},
      maxRequests,
    })
    return { app, address: { port, host }, shutdownDelayMs }
  },
)
