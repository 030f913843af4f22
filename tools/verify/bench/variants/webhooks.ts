// Our frontend as a sender of webhooks: the same routes, configuration, flags and collected calls, but each message is signed for one of
// many consumers. make bench alone builds it, to compare webhooks with raw keys.
import { createCallerToken } from '../../../../client/caller-token.ts'
import { createCollector, type Reply } from '../../../../client/collector.ts'
import { createPairing } from '../../../../client/pairing.ts'
import { isSignedWebhook } from '../../../../client/signed-answer.ts'
import { createSignedRequest } from '../../../../client/signed-request.ts'
import { createApp } from '../../../../frontend/app.ts'
import { loadConfig } from '../../../../frontend/config.ts'
import { createFrontendMetrics } from '../../../../frontend/metrics.ts'
import { runService } from '../../../../runtime/service.ts'
import { drawConsumer } from './consumers.ts'

await runService(
  () => loadConfig(process.env),
  (config, deps) => {
    const {
      signer: target,
      signerTimeoutMs: timeoutMs,
      callerTokenFile,
      pairingSecretFile,
    } = config
    createFrontendMetrics(deps.metrics.registry)
    const callerToken =
      callerTokenFile === undefined ? undefined : createCallerToken(callerTokenFile)
    const pairing = pairingSecretFile === undefined ? undefined : createPairing(pairingSecretFile)
    const send = createSignedRequest({ target, callerToken, pairing })
    const collect = createCollector({ send, path: target.path, timeoutMs })
    const app = createApp({
      ...deps,
      askSigner: async (message, requestId) => {
        const text = JSON.stringify({ body: message, consumer: drawConsumer() })
        const headers = { 'content-type': 'application/json', 'x-request-id': requestId }
        const webhook = { id: undefined }
        const reply = await collect({ text, requestId, traceId: undefined, headers, webhook })
        return { signature: readSignature(reply), key_id: 'webhook-1', algorithm: 'HMAC-SHA256' }
      },
      requireSigner: () => {},
      maxRequests: config.maxRequests,
    })
    const { port, host, shutdownDelayMs } = config
    return { app, address: { port, host }, shutdownDelayMs }
  },
)

function readSignature({ answer, result }: Reply): string {
  const signed = result === undefined ? JSON.parse(answer.body.toString('utf8')) : result
  const webhook = 'webhook' in signed ? signed.webhook : signed
  if (!isSignedWebhook(webhook, undefined)) throw new Error('the signer sent no webhook')
  return webhook.headers['webhook-signature']
}
