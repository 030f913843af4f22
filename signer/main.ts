// The signer container's entry: it holds the key and does nothing but sign.
import { runService } from '../runtime/service.ts'
import { createApp } from './app.ts'
import { loadConfig } from './config.ts'
import { holdKeyRing } from './key-holder.ts'

await runService(
  () => loadConfig(process.env),
  async ({ socket, keyDir, lingerMs }, deps) => {
    const getKeyRing = await holdKeyRing(keyDir, deps.log)
    return { app: createApp({ ...deps, getKeyRing }), address: { socket }, lingerMs }
  },
)
