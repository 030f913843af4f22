// The audit logs of signers, made by the signer's own code.
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { createAuditChain } from '../../../signer/audit-chain.ts'
import { formatAuditLines, type Outcome } from '../../../signer/audit-lines.ts'
import { computeLineMac } from '../../../signer/hmac.ts'
import { fingerprintOf } from '../../../tools/verify/audit/signatures.ts'

export const auditKey = createSecretKey(randomBytes(32))
export type Signer = { instance: string; lines: string[]; signatures: Buffer[] }
type Fields = Record<string, unknown>

const caller = 'spiffe://cluster.local/ns/signing/sa/frontend'

/** With null, its records have no MAC. */
export function makeSigner(key: KeyObject | null = auditKey) {
  const chain = createAuditChain(() => key ?? undefined)
  const lines: string[] = []
  const signatures: Buffer[] = []

  function write(call: Fields, outcome: Outcome): void {
    const time = new Date(lines.length * 7).toISOString()
    const texts = formatAuditLines([{ ...call, ...outcome }], time)
    lines.push(...texts.map((text) => chain.seal(text).trimEnd()))
  }

  const nameCall = (route: string) => ({ request_id: `call-${lines.length}`, caller, route })

  function sign(route: string, count: number, hasIds: boolean): void {
    const made = Array.from({ length: count }, () => randomBytes(32))
    signatures.push(...made)
    const ids = made.map((each) => each.toString('hex').slice(0, 12))
    write(nameCall(route), {
      ...{ outcome: 'signed', count, key_id: 'key-1', fingerprints: made.map(fingerprintOf) },
      ...(hasIds && { request_ids: ids, trace_ids: ids.map(() => '') }),
    })
  }

  /** Signs a webhook for a consumer with two versions, and one for no consumer. */
  function signWebhooks(): void {
    const made = Array.from({ length: 3 }, () => randomBytes(32))
    signatures.push(...made)
    write(nameCall('POST /sign/batch'), {
      ...{ outcome: 'signed', count: 3, key_id: 'webhook-1' },
      ...{ fingerprints: made.map(fingerprintOf), consumers: ['acme', 'acme', ''] },
      ...{ request_ids: ['order-1', 'order-1', 'order-2'], trace_ids: ['', '', ''] },
    })
  }

  const kinds = [
    () => sign('POST /sign', 1, false),
    () => sign('POST /sign/batch', 3, false),
    () => sign('POST /sign/batch', 2, true),
    () => write(nameCall('POST /sign'), { outcome: 'caller_refused', count: 0 }),
    () => write({}, { outcome: 'omitted', count: 12 }),
    signWebhooks,
  ]

  /** Writes `count` records of every kind. */
  function work(count: number): Signer {
    for (let index = 0; index < count; index += 1) kinds[index % kinds.length]?.()
    return { instance: chain.position().instance, lines, signatures }
  }

  return { write, work }
}

/** Returns a record with other fields and a MAC that fits, as only the audit key makes it. */
export function forge(line: string, fields: Fields): string {
  const { mac: _mac, ...record } = JSON.parse(line)
  const text = JSON.stringify({ ...record, ...fields })
  return `${text.slice(0, -1)},"mac":"${computeLineMac(auditKey, text)}"}`
}
