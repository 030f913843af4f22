// The entry of the signer container. It holds the key and only signs.
import { runService } from '../runtime/service.ts'
import { createApp } from './app.ts'
import { createAuditLog } from './audit-log.ts'
import { createCallerCheck } from './caller-identity.ts'
import { loadConfig } from './config.ts'
import { holdKeyRing } from './keys/key-holder.ts'
import { reportKeys } from './keys/key-reports.ts'
import { createSignerMetrics } from './metrics.ts'
import { createPairingCheck, createPairingSecret } from './pairing.ts'

await runService(
  () => loadConfig(process.env),
  async (config, deps) => {
    const { socket, keyDir, keyBundle, admission, peer, maxRequests, shutdownDelayMs } = config
    const metrics = createSignerMetrics(deps.metrics.registry)
    const getKeyRing = await holdKeyRing(keyDir, { log: deps.log, metrics, bundle: keyBundle })
    if (peer === 'container') reportKeys(getKeyRing, deps.log)
    const admit =
      'caller' in admission
        ? createCallerCheck(admission.caller)
        : createPairingCheck(await createPairingSecret(admission.pairingDir))
    const auditLog = createAuditLog(metrics.countSignatures)
    return {
      app: createApp({ ...deps, getKeyRing, admit, auditLog, peer, maxRequests }),
      address: { socket },
      shutdownDelayMs,
    }
  },
)
