// The entry of the frontend container. It serves public clients and never sees a key.
import { runService } from '../runtime/service.ts'
import { createApp } from './app.ts'
import { createCallerToken } from './caller-token.ts'
import { loadConfig } from './config.ts'
import { createFrontendMetrics } from './metrics.ts'
import { createPairing } from './pairing.ts'
import { createSignerClient } from './signer-client.ts'
import { createSignerProbe } from './signer-probe.ts'
import { isSocketUrl } from './signer-url.ts'
import { createTokenProbe } from './token-probe.ts'

await runService(
  () => loadConfig(process.env),
  (config, deps) => {
    const { signerUrl: url, signerTimeoutMs: timeoutMs, callerTokenFile } = config
    const metrics = createFrontendMetrics(deps.metrics.registry)
    const callerToken =
      callerTokenFile === undefined
        ? undefined
        : createCallerToken(callerTokenFile, { onRead: metrics.setTokenExpiry })
    const pairing = createPairing(config.pairingSecretFile)
    const askSigner = createSignerClient({ url, timeoutMs, callerToken, pairing })
    // kubelet cannot probe a socket, so the frontend's readiness includes the signer's. Through a mesh kubelet probes the
    // signer itself.
    const probeSigner = isSocketUrl(url) ? createSignerProbe(url, timeoutMs) : undefined
    const probeToken =
      callerToken &&
      createTokenProbe({ url, timeoutMs, callerToken, onTry: metrics.setTokenRefused })
    async function requireSigner(): Promise<void> {
      pairing.renew()
      await probeToken?.()
      await probeSigner?.()
    }
    const app = createApp({
      ...deps,
      askSigner,
      requireSigner,
      maxRequests: config.maxRequests,
    })
    return { app, address: { port: config.port }, shutdownDelayMs: config.shutdownDelayMs }
  },
)
