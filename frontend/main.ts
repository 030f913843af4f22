// The entry of the frontend container. It serves public clients and never sees a key.
import { createCallerToken } from '../client/caller-token.ts'
import { createPairing } from '../client/pairing.ts'
import { isSocket } from '../client/settings.ts'
import { runService } from '../runtime/service.ts'
import { createApp } from './app.ts'
import { loadConfig } from './config.ts'
import { createFrontendMetrics } from './metrics.ts'
import { createSignerClient, explainFailure } from './signer-client.ts'
import { createSignerProbe } from './signer-probe.ts'
import { createTokenProbe } from './token-probe.ts'

await runService(
  () => loadConfig(process.env),
  (config, deps) => {
    const {
      signer: target,
      signerTimeoutMs: timeoutMs,
      callerTokenFile,
      pairingSecretFile,
    } = config
    const metrics = createFrontendMetrics(deps.metrics.registry)
    const callerToken =
      callerTokenFile === undefined
        ? undefined
        : createCallerToken(callerTokenFile, { onRead: metrics.setTokenExpiry })
    const pairing = pairingSecretFile === undefined ? undefined : createPairing(pairingSecretFile)
    const askSigner = createSignerClient({ target, timeoutMs, callerToken, pairing })
    // kubelet cannot probe a socket, so the frontend's readiness includes the signer's. Through a mesh kubelet probes the
    // signer itself.
    const probeSigner = isSocket(target) ? createSignerProbe(target, timeoutMs) : undefined
    const probeToken =
      callerToken &&
      createTokenProbe({ target, timeoutMs, callerToken, onTry: metrics.setTokenRefused })
    async function requireSigner(): Promise<void> {
      try {
        pairing?.renew()
        await probeToken?.()
        await probeSigner?.()
      } catch (error) {
        throw explainFailure(error)
      }
    }
    const app = createApp({
      ...deps,
      askSigner,
      requireSigner,
      maxRequests: config.maxRequests,
    })
    const { port, host, shutdownDelayMs } = config
    return { app, address: { port, host }, shutdownDelayMs }
  },
)
