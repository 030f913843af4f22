// The frontend container's entry: it takes requests from the world and never sees a key.
import { runService } from '../runtime/service.ts'
import { createApp } from './app.ts'
import { createTokenReader } from './caller-token.ts'
import { loadConfig } from './config.ts'
import { createPairing } from './pairing.ts'
import { createSignerClient } from './signer-client.ts'

await runService(
  () => loadConfig(process.env),
  (config, deps) => {
    const readToken = createTokenReader(config.callerTokenFile)
    const pairing = createPairing(config.pairingSecretFile)
    const askSigner = createSignerClient({
      url: config.signerUrl,
      timeoutMs: config.signerTimeoutMs,
      readToken,
      pairing,
    })
    function requireCredentials(): void {
      readToken()
      pairing.renew()
    }
    const app = createApp({
      ...deps,
      askSigner,
      requireCredentials,
      maxRequests: config.maxRequests,
    })
    return { app, address: { port: config.port }, lingerMs: config.lingerMs }
  },
)
