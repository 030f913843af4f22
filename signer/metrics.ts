// What the signer counts besides requests. Ids of keys are no secrets.
import { Counter, Gauge, type Registry } from 'prom-client'

export type SignerMetrics = {
  countSignatures: (keyId: string, count: number) => void
  countKeyLoad: (result: 'loaded' | 'refused') => void
  setKeys: (keys: { total: number; short: number }) => void
}

/** Adds the signer's metrics to `registry`. */
export function createSignerMetrics(registry: Registry): SignerMetrics {
  const registers = [registry]
  const signatures = new Counter({
    name: 'signer_signatures_total',
    help: 'Signatures made, by the id of the key.',
    labelNames: ['key_id'],
    registers,
  })
  const loads = new Counter({
    name: 'signer_key_loads_total',
    help: 'Times that the key folder was read: loaded, or refused and the last good keys kept.',
    labelNames: ['result'],
    registers,
  })
  const keys = new Gauge({ name: 'signer_keys', help: 'Keys that are held.', registers })
  const short = new Gauge({
    name: 'signer_short_keys',
    help: 'Keys that are held and under 32 bytes.',
    registers,
  })
  loads.inc({ result: 'loaded' }, 0)
  loads.inc({ result: 'refused' }, 0)
  return {
    countSignatures: (keyId, count) => signatures.inc({ key_id: keyId }, count),
    countKeyLoad: (result) => loads.inc({ result }),
    setKeys: (held) => {
      keys.set(held.total)
      short.set(held.short)
    },
  }
}
