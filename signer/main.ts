// The entry of the signer container. It holds the key and only signs.
import { runService } from '../runtime/service.ts'
import { createApp } from './app.ts'
import { createAuditLog } from './audit-log.ts'
import { createCallerCheck } from './caller-identity.ts'
import { loadConfig } from './config.ts'
import { followFreeze } from './freeze.ts'
import { holdKeyRing } from './keys/key-holder.ts'
import { createLimit } from './limits.ts'
import { createSignerMetrics } from './metrics.ts'
import { createPairingCheck, createPairingSecret } from './pairing.ts'
import { createSigning } from './signing.ts'

await runService(
  () => loadConfig(process.env),
  async (config, deps) => {
    const { keyDir, keyBundle, admission, signatureRate, peer, maxRequests } = config
    const metrics = createSignerMetrics(deps.metrics.registry)
    const requireThawed = await followFreeze(config.freezeDir, deps.log, metrics.setFrozen)
    const { getKeyRing, findKeyRing } = await holdKeyRing(keyDir, {
      ...{ log: deps.log, metrics, bundle: keyBundle },
      reportMs: peer === 'container' ? 60_000 : undefined,
    })
    const admit =
      'caller' in admission
        ? createCallerCheck(admission.caller)
        : createPairingCheck(await createPairingSecret(admission.pairingDir))
    const options = { countRefused: metrics.countRateLimited }
    const { spend, readToday } = createLimit('signatures', signatureRate, options)
    if (signatureRate.perDay) metrics.followToday(readToday, signatureRate.perDay)
    const verifications = createLimit('verifications', config.verificationRate, options)
    const auditLog = createAuditLog({
      onSigned: metrics.countSignatures,
      onWritten: metrics.setAuditPosition,
      getKey: () => findKeyRing()?.auditKey,
    })
    return {
      app: createApp({
        ...deps,
        ...{ getKeyRing, admit, auditLog, peer, maxRequests },
        signing: createSigning(getKeyRing, requireThawed, spend),
        spendVerification: () => verifications.spend('', 1),
      }),
      address: { socket: config.socket },
      shutdownDelayMs: config.shutdownDelayMs,
    }
  },
)
