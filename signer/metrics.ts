// The signer's own metrics. Key ids are not secret.
import { Counter, Gauge, type Registry } from 'prom-client'
import { describeIn } from '../runtime/metrics.ts'
import type { ChainPosition } from './audit-chain.ts'
import { type KeyRing, listKeyStates } from './keys/key-ring.ts'

export type SignerMetrics = ReturnType<typeof createSignerMetrics>

/** Adds the signer's metrics to `registry`. */
export function createSignerMetrics(registry: Registry) {
  const describe = describeIn(registry)
  const gauge = <T extends string>(...each: [name: string, help: string, ...labels: T[]]) =>
    new Gauge(describe(...each))
  const counter = <T extends string>(...each: [name: string, help: string, ...labels: T[]]) =>
    new Counter(describe(...each))
  const signatures = counter('signer_signatures_total', 'Signatures in the audit log.', 'key_id')
  const limited = 'Messages that a limit refused. Verifications have an empty key_id.'
  const rateLimited = counter('signer_rate_limited_messages_total', limited, 'key_id')
  const read = 'Reads of the key folder: loaded, or refused while the last good keys stay in use.'
  const loads = counter('signer_key_loads_total', read, 'result')
  const held = 'Keys in use: 1 for each, by id and state.'
  const keys = gauge('signer_keys', held, 'key_id', 'state')
  const short = gauge('signer_short_keys', 'Keys shorter than 32 bytes.')
  const back = 'Keys in use: 1 if this process has seen the key retired, else 0.'
  const returned = gauge('signer_returned_keys', back, 'key_id')
  const changed = 'When good keys were last read from a changed key folder. 0 before.'
  const loaded = gauge('signer_keys_loaded_timestamp_seconds', changed)
  const written = 'When the key file was last written with good keys. 0 if there is no such file.'
  const confirmed = gauge('signer_keys_confirmed_timestamp_seconds', written)
  const frozen = gauge('signer_frozen', '1 while a freeze stops signing, else 0.')
  const chained = gauge('signer_audit_chained', '1 if the audit log has MACs, else 0.')
  const last = 'The sequence number of the last line in the audit log.'
  const records = gauge('signer_audit_records', last, 'audit_instance')
  for (const result of ['loaded', 'refused']) loads.inc({ result }, 0)
  rateLimited.inc({ key_id: '' }, 0)
  // Times are in milliseconds since 1970.
  return {
    countSignatures: (keyId: string, count: number) => signatures.inc({ key_id: keyId }, count),
    countKeyLoad: (result: 'loaded' | 'refused') => loads.inc({ result }),
    /** An empty id stands for all keys. */
    countRateLimited: (keyId: string, count: number) => rateLimited.inc({ key_id: keyId }, count),
    setKeys: (
      ring: KeyRing,
      shortKeys: readonly string[],
      returnedKeys: readonly string[] = [],
    ) => {
      keys.reset()
      returned.reset()
      for (const each of listKeyStates(ring)) keys.set(each, 1)
      for (const id of ring.keys.keys()) {
        returned.set({ key_id: id }, Number(returnedKeys.includes(id)))
        // Prometheus sees no increase in the first value of a series.
        rateLimited.inc({ key_id: id }, 0)
      }
      short.set(shortKeys.length)
      chained.set(Number(ring.auditKey !== undefined))
    },
    setKeysLoaded: (time: number) => loaded.set(time / 1_000),
    setKeysConfirmed: (time: number) => confirmed.set(time / 1_000),
    setFrozen: (isFrozen: boolean) => frozen.set(Number(isFrozen)),
    setAuditPosition: ({ instance, seq }: ChainPosition) =>
      records.set({ audit_instance: instance }, seq),
    /** `readToday` returns how many each key has signed on this day. */
    followToday: (readToday: () => ReadonlyMap<string, number>, perDay: number) => {
      const most = 'How many messages a key may sign on a day of UTC.'
      gauge('signer_signatures_per_day_limit', most).set(perDay)
      const spent = 'Messages of this day of UTC that count against the limit.'
      new Gauge({
        ...describe('signer_signatures_today', spent, 'key_id'),
        collect() {
          this.reset()
          for (const [id, count] of readToday()) this.set({ key_id: id }, count)
        },
      })
    },
  }
}
