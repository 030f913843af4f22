// The signer container's entry: it holds the key and does nothing but sign.
import { runService } from '../runtime/service.ts'
import { createApp } from './app.ts'
import { createAuditLog } from './audit-log.ts'
import { loadConfig } from './config.ts'
import { holdKeyRing } from './key-holder.ts'
import { createSignerMetrics } from './metrics.ts'
import { createPairingLock, createPairingSecret } from './pairing.ts'

await runService(
  () => loadConfig(process.env),
  async ({ socket, keyDir, keyBundle, pairingDir, maxRequests, lingerMs }, deps) => {
    const metrics = createSignerMetrics(deps.metrics.registry)
    const getKeyRing = await holdKeyRing(keyDir, { log: deps.log, metrics, bundle: keyBundle })
    const secret = pairingDir === undefined ? undefined : await createPairingSecret(pairingDir)
    if (secret === undefined) deps.log('warn', 'pairing_off', { reason: 'SIGNER_PAIRING_DIR=none' })
    const admit = createPairingLock(secret)
    const auditLog = createAuditLog()
    return {
      app: createApp({ ...deps, ...metrics, getKeyRing, admit, auditLog, maxRequests }),
      address: { socket },
      lingerMs,
    }
  },
)
