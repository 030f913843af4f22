// The signer container's entry: it holds the key and does nothing but sign.
import { runService } from '../runtime/service.ts'
import { createApp } from './app.ts'
import { createAuditLog } from './audit-log.ts'
import { createCallerLock } from './caller-identity.ts'
import { loadConfig } from './config.ts'
import { holdKeyRing } from './keys/key-holder.ts'
import { createSignerMetrics } from './metrics.ts'
import { createPairingLock, createPairingSecret } from './pairing.ts'

await runService(
  () => loadConfig(process.env),
  async ({ socket, keyDir, keyBundle, lock, peer, maxRequests, lingerMs }, deps) => {
    const metrics = createSignerMetrics(deps.metrics.registry)
    const getKeyRing = await holdKeyRing(keyDir, { log: deps.log, metrics, bundle: keyBundle })
    const admit =
      'caller' in lock
        ? createCallerLock(lock.caller)
        : createPairingLock(await createPairingSecret(lock.pairingDir))
    const auditLog = createAuditLog()
    return {
      app: createApp({ ...deps, ...metrics, getKeyRing, admit, auditLog, peer, maxRequests }),
      address: { socket },
      lingerMs,
    }
  },
)
