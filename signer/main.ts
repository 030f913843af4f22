// The entry of the signer container. It holds the key and only signs.
import { runService } from '../runtime/service.ts'
import { createApp } from './app.ts'
import { createAuditLog } from './audit-log.ts'
import { createCallerCheck } from './caller-identity.ts'
import { loadConfig } from './config.ts'
import { followFreeze } from './freeze.ts'
import { findKeyRing, holdKeyRing } from './keys/key-holder.ts'
import { reportKeys } from './keys/key-reports.ts'
import { limitSignatures, limitVerifications } from './limits.ts'
import { createSignerMetrics } from './metrics.ts'
import { createPairingCheck, createPairingSecret } from './pairing.ts'
import { createSigning } from './signing.ts'

await runService(
  () => loadConfig(process.env),
  async (config, deps) => {
    const { socket, keyDir, keyBundle, admission, freezeDir, limits, peer } = config
    const { log } = deps
    const metrics = createSignerMetrics(deps.metrics.registry)
    const requireThawed =
      freezeDir === undefined
        ? () => {}
        : await followFreeze(freezeDir, { log, setFrozen: metrics.setFrozen })
    const getKeyRing = await holdKeyRing(keyDir, { log, metrics, bundle: keyBundle })
    if (peer === 'container') reportKeys(getKeyRing, log)
    const admit =
      'caller' in admission
        ? createCallerCheck(admission.caller)
        : createPairingCheck(await createPairingSecret(admission.pairingDir))
    const countRefused = metrics.countRateLimited
    const { spend, readToday } = limitSignatures(limits, { countRefused })
    if (limits.signaturesPerDay) metrics.followToday(readToday, limits.signaturesPerDay)
    const auditLog = createAuditLog({
      onSigned: metrics.countSignatures,
      onWritten: metrics.setAuditPosition,
      getKey: () => findKeyRing(getKeyRing)?.auditKey,
    })
    return {
      app: createApp({
        ...deps,
        ...{ getKeyRing, admit, auditLog, peer, maxRequests: config.maxRequests },
        sign: createSigning({ getKeyRing, requireThawed, spend }),
        spendVerification: limitVerifications(limits, { countRefused }),
      }),
      address: { socket },
      shutdownDelayMs: config.shutdownDelayMs,
    }
  },
)
