// The signer's own metrics. Key ids are not secret.
import { Counter, Gauge, type Registry } from 'prom-client'
import { describeIn } from '../runtime/metrics.ts'
import type { ChainPosition } from './audit-chain.ts'
import { type KeyRing, listKeyStates } from './keys/key-ring.ts'

type Ids = readonly string[]
export type SignerMetrics = ReturnType<typeof createSignerMetrics>

/** Adds the signer's metrics to `registry`. */
export function createSignerMetrics(registry: Registry) {
  const describe = describeIn(registry)
  const made = 'Signatures in the audit log.'
  const signatures = new Counter(describe('signer_signatures_total', made, 'key_id'))
  const limited = 'Messages that a limit refused. Verifications have an empty key_id.'
  const rateLimited = new Counter(describe('signer_rate_limited_messages_total', limited, 'key_id'))
  const read = 'Reads of the key folder: loaded, or refused while the last good keys stay in use.'
  const loads = new Counter(describe('signer_key_loads_total', read, 'result'))
  const held = 'Keys in use: 1 for each, by id, form and state.'
  const keys = new Gauge(describe('signer_keys', held, 'key_id', 'form', 'state'))
  const short = new Gauge(describe('signer_short_keys', 'Keys that should be longer.'))
  const back = 'Keys in use: 1 if this process has seen the key retired, else 0.'
  const returned = new Gauge(describe('signer_returned_keys', back, 'key_id'))
  const changed = 'When good keys were last read from a changed key folder. 0 before.'
  const loaded = new Gauge(describe('signer_keys_loaded_timestamp_seconds', changed))
  const written = 'When the key file was last written with good keys. 0 if there is no such file.'
  const confirmed = new Gauge(describe('signer_keys_confirmed_timestamp_seconds', written))
  const frozen = new Gauge(describe('signer_frozen', '1 while a freeze stops signing, else 0.'))
  const chained = new Gauge(describe('signer_audit_chained', '1 if lines have a MAC, else 0.'))
  const last = 'The sequence number of the last line in the audit log.'
  const records = new Gauge(describe('signer_audit_records', last, 'audit_instance'))
  for (const result of ['loaded', 'refused']) loads.inc({ result }, 0)
  rateLimited.inc({ key_id: '' }, 0)
  // Times are in milliseconds since 1970.
  return {
    countSignatures: (keyId: string, count: number) => signatures.inc({ key_id: keyId }, count),
    countKeyLoad: (result: 'loaded' | 'refused') => loads.inc({ result }),
    /** An empty id stands for all keys. */
    countRateLimited: (keyId: string, count: number) => rateLimited.inc({ key_id: keyId }, count),
    setKeys: (ring: KeyRing, shortIds: Ids, returnedIds: Ids = []) => {
      keys.reset()
      returned.reset()
      for (const each of listKeyStates(ring)) {
        const { key_id } = each
        keys.set(each, 1)
        returned.set({ key_id }, Number(returnedIds.includes(key_id)))
        // Prometheus sees no increase in the first value of a series.
        rateLimited.inc({ key_id }, 0)
      }
      short.set(shortIds.length)
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
      new Gauge(describe('signer_signatures_per_day_limit', most)).set(perDay)
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
