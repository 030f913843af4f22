// The signer's own metrics. Key ids are not secret.
import { Counter, Gauge, type Registry } from 'prom-client'
import { type KeyRing, listKeyStates } from './keys/key-ring.ts'

export type SignerMetrics = {
  countSignatures: (keyId: string, count: number) => void
  countKeyLoad: (result: 'loaded' | 'refused') => void
  setKeys: (ring: KeyRing, shortKeys: readonly string[]) => void
  /** `time` is in milliseconds since 1970. */
  setKeysConfirmed: (time: number) => void
}

/** Adds the signer's metrics to `registry`. */
export function createSignerMetrics(registry: Registry): SignerMetrics {
  const registers = [registry]
  const signatures = new Counter({
    name: 'signer_signatures_total',
    help: 'Signatures made, by key id.',
    labelNames: ['key_id'],
    registers,
  })
  const loads = new Counter({
    name: 'signer_key_loads_total',
    help: 'Reads of the key folder: loaded, or refused while the last good keys stay in use.',
    labelNames: ['result'],
    registers,
  })
  const keys = new Gauge({
    name: 'signer_keys',
    help: 'Keys in use: 1 for each, by id and state.',
    labelNames: ['key_id', 'state'],
    registers,
  })
  const short = new Gauge({
    name: 'signer_short_keys',
    help: 'Keys shorter than 32 bytes.',
    registers,
  })
  const confirmed = new Gauge({
    name: 'signer_keys_confirmed_timestamp_seconds',
    help: 'When the key file was last written with good keys. 0 if there is no such file.',
    registers,
  })
  for (const result of ['loaded', 'refused']) loads.inc({ result }, 0)
  return {
    countSignatures: (keyId, count) => signatures.inc({ key_id: keyId }, count),
    countKeyLoad: (result) => loads.inc({ result }),
    setKeys: (ring, shortKeys) => {
      keys.reset()
      for (const each of listKeyStates(ring)) keys.set(each, 1)
      short.set(shortKeys.length)
    },
    setKeysConfirmed: (time) => confirmed.set(time / 1_000),
  }
}
