// The signer's own metrics. Key ids are not secret.
import { Counter, Gauge, type Registry } from 'prom-client'
import { type KeyRing, listKeyStates } from './keys/key-ring.ts'

export type SignerMetrics = {
  countSignatures: (keyId: string, count: number) => void
  countKeyLoad: (result: 'loaded' | 'refused') => void
  setKeys: (ring: KeyRing, shortKeys: readonly string[], returned?: readonly string[]) => void
  /** Times are in milliseconds since 1970. */
  setKeysLoaded: (time: number) => void
  setKeysConfirmed: (time: number) => void
}

/** Adds the signer's metrics to `registry`. */
export function createSignerMetrics(registry: Registry): SignerMetrics {
  const registers = [registry]
  const signatures = new Counter({
    name: 'signer_signatures_total',
    help: 'Signatures on record in the audit log, by key id.',
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
  const returned = new Gauge({
    name: 'signer_returned_keys',
    help: 'Keys in use: 1 if this process has seen the key retired, else 0.',
    labelNames: ['key_id'],
    registers,
  })
  const loaded = new Gauge({
    name: 'signer_keys_loaded_timestamp_seconds',
    help: 'When good keys were last read from a changed key folder. 0 before.',
    registers,
  })
  for (const result of ['loaded', 'refused']) loads.inc({ result }, 0)
  return {
    countSignatures: (keyId, count) => signatures.inc({ key_id: keyId }, count),
    countKeyLoad: (result) => loads.inc({ result }),
    setKeys: (ring, shortKeys, returnedKeys = []) => {
      keys.reset()
      returned.reset()
      for (const each of listKeyStates(ring)) keys.set(each, 1)
      for (const id of ring.keys.keys())
        returned.set({ key_id: id }, Number(returnedKeys.includes(id)))
      short.set(shortKeys.length)
    },
    setKeysLoaded: (time) => loaded.set(time / 1_000),
    setKeysConfirmed: (time) => confirmed.set(time / 1_000),
  }
}
