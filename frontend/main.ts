// The entry of the frontend container. It serves public clients and never sees a key.
import { runService } from '../runtime/service.ts'
import { createApp } from './app.ts'
import { createTokenReader } from './caller-token.ts'
import { loadConfig } from './config.ts'
import { createFrontendMetrics } from './metrics.ts'
import { createPairing } from './pairing.ts'
import { createSignerClient } from './signer-client.ts'
import { createSignerProbe } from './signer-probe.ts'
import { isSocketUrl } from './signer-url.ts'

await runService(
  () => loadConfig(process.env),
  (config, deps) => {
    const { signerUrl: url, signerTimeoutMs: timeoutMs, callerTokenFile } = config
    const { setTokenExpiry: onRead } = createFrontendMetrics(deps.metrics.registry)
    const readToken =
      callerTokenFile === undefined ? undefined : createTokenReader(callerTokenFile, { onRead })
    const pairing = createPairing(config.pairingSecretFile)
    const askSigner = createSignerClient({ url, timeoutMs, readToken, pairing })
    // kubelet cannot probe a socket, so the frontend's readiness includes the signer's. Through a mesh kubelet probes the
    // signer itself.
    const probeSigner = isSocketUrl(url) ? createSignerProbe(url, timeoutMs) : undefined
    async function requireSigner(): Promise<void> {
      readToken?.()
      pairing.renew()
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
