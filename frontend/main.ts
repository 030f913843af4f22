// The frontend container's entry: it takes requests from the world and never sees a key.
import { runService } from '../runtime/service.ts'
import { createApp } from './app.ts'
import { createTokenReader } from './caller-token.ts'
import { loadConfig } from './config.ts'
import { createSignerClient } from './signer-client.ts'

await runService(
  () => loadConfig(process.env),
  ({ port, lingerMs, signerUrl, signerTimeoutMs, callerTokenFile }, deps) => {
    const readToken = createTokenReader(callerTokenFile)
    const askSigner = createSignerClient({ url: signerUrl, timeoutMs: signerTimeoutMs, readToken })
    return { app: createApp({ ...deps, askSigner, readToken }), address: { port }, lingerMs }
  },
)
