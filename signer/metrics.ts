// The signer's own metrics. Key ids are not secret.
import { Counter, Gauge, type Registry } from 'prom-client'
import type { ChainPosition } from './audit-chain.ts'
import { type KeyRing, listKeyStates } from './keys/key-ring.ts'

export type SignerMetrics = {
  countSignatures: (keyId: string, count: number) => void
  countKeyLoad: (result: 'loaded' | 'refused') => void
  /** An empty id stands for all keys. */
  countRateLimited: (keyId: string, count: number) => void
  setKeys: (ring: KeyRing, shortKeys: readonly string[], returned?: readonly string[]) => void
  /** Times are in milliseconds since 1970. */
  setKeysLoaded: (time: number) => void
  setKeysConfirmed: (time: number) => void
  setFrozen: (frozen: boolean) => void
  setAuditPosition: (position: ChainPosition) => void
  /** `readToday` returns how many each key has signed on this day. */
  followToday: (readToday: () => ReadonlyMap<string, number>, perDay: number) => void
}

/** Adds the signer's metrics to `registry`. */
export function createSignerMetrics(registry: Registry): SignerMetrics {
  const describe = <T extends string>(name: string, help: string, ...labelNames: T[]) => ({
    ...{ name, help, labelNames },
    registers: [registry],
  })
  const signatures = new Counter(
    describe(
      'signer_signatures_total',
      'Signatures on record in the audit log, by key id.',
      'key_id',
    ),
  )
  const loads = new Counter(
    describe(
      'signer_key_loads_total',
      'Reads of the key folder: loaded, or refused while the last good keys stay in use.',
      'result',
    ),
  )
  const rateLimited = new Counter(
    describe(
      'signer_rate_limited_messages_total',
      'Messages that a limit refused, by key id. Verifications have an empty one.',
      'key_id',
    ),
  )
  const keys = new Gauge(
    describe('signer_keys', 'Keys in use: 1 for each, by id and state.', 'key_id', 'state'),
  )
  const short = new Gauge(describe('signer_short_keys', 'Keys shorter than 32 bytes.'))
  const confirmed = new Gauge(
    describe(
      'signer_keys_confirmed_timestamp_seconds',
      'When the key file was last written with good keys. 0 if there is no such file.',
    ),
  )
  const returned = new Gauge(
    describe(
      'signer_returned_keys',
      'Keys in use: 1 if this process has seen the key retired, else 0.',
      'key_id',
    ),
  )
  const loaded = new Gauge(
    describe(
      'signer_keys_loaded_timestamp_seconds',
      'When good keys were last read from a changed key folder. 0 before.',
    ),
  )
  const frozen = new Gauge(describe('signer_frozen', '1 while a freeze stops signing, else 0.'))
  const chained = new Gauge(
    describe('signer_audit_chained', '1 if lines of the audit log have a MAC, else 0.'),
  )
  const records = new Gauge(
    describe(
      'signer_audit_records',
      'The sequence number of the last line in the audit log, by instance.',
      'audit_instance',
    ),
  )
  for (const result of ['loaded', 'refused']) loads.inc({ result }, 0)
  return {
    countSignatures: (keyId, count) => signatures.inc({ key_id: keyId }, count),
    countKeyLoad: (result) => loads.inc({ result }),
    countRateLimited: (keyId, count) => rateLimited.inc({ key_id: keyId }, count),
    setKeys: (ring, shortKeys, returnedKeys = []) => {
      keys.reset()
      returned.reset()
      for (const each of listKeyStates(ring)) keys.set(each, 1)
      for (const id of ring.keys.keys())
        returned.set({ key_id: id }, Number(returnedKeys.includes(id)))
      short.set(shortKeys.length)
      chained.set(Number(ring.auditKey !== undefined))
      // Prometheus sees no increase in the first value of a series.
      for (const id of ring.keys.keys()) rateLimited.inc({ key_id: id }, 0)
    },
    setKeysLoaded: (time) => loaded.set(time / 1_000),
    setKeysConfirmed: (time) => confirmed.set(time / 1_000),
    setFrozen: (isFrozen) => frozen.set(Number(isFrozen)),
    setAuditPosition: ({ instance, seq }) => records.set({ audit_instance: instance }, seq),
    followToday: (readToday, perDay) => {
      new Gauge(
        describe(
          'signer_signatures_per_day_limit',
          'The most that each key signs in a day of UTC.',
        ),
      ).set(perDay)
      const today = 'Signatures of this day of UTC that count against the limit, by key id.'
      new Gauge({
        ...describe('signer_signatures_today', today, 'key_id'),
        collect() {
          this.reset()
          for (const [id, count] of readToday()) this.set({ key_id: id }, count)
        },
      })
    },
  }
}
