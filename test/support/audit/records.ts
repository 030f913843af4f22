// Makes the audit log of signers that restart.
import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { fingerprintOf } from '../../../tools/verify/audit/signatures.ts'

export const auditKey = randomBytes(32)
export const auditKeyObject = createSecretKey(auditKey)
export type Signer = { instance: string; lines: string[]; signatures: Buffer[] }
type Fields = Record<string, unknown>

/** A signer that writes as ours does. Without a key its records have no MAC. */
export function makeSigner(key: Buffer | undefined = auditKey, startMs = 0) {
  const signer: Signer = {
    instance: randomBytes(16).toString('base64url'),
    lines: [],
    signatures: [],
  }
  let seq = 0
  let prev: string | undefined

  function write(fields: Fields): void {
    seq += 1
    const time = new Date(startMs + seq * 7).toISOString()
    const chain = { instance: signer.instance, seq, ...(prev && { prev }) }
    const text = JSON.stringify({ time, event: 'audit', ...fields, ...chain })
    if (key === undefined) return void signer.lines.push(text)
    prev = createHmac('sha512', key).update(text).digest('base64url').slice(0, 24)
    signer.lines.push(`${text.slice(0, -1)},"mac":"${prev}"}`)
  }

  function sign(route: string, count: number, hasIds: boolean): void {
    const made = Array.from({ length: count }, () => randomBytes(32))
    signer.signatures.push(...made)
    const ids = made.map((each) => each.toString('hex').slice(0, 12))
    const call = {
      request_id: `call-${seq}`,
      caller: 'spiffe://cluster.local/ns/signing/sa/frontend',
    }
    write({
      ...{ ...call, route, outcome: 'signed', count, key_id: 'key-1' },
      fingerprints: made.map(fingerprintOf),
      ...(hasIds && { request_ids: ids, trace_ids: ids.map(() => '') }),
    })
  }

  const refuse = () =>
    write({
      request_id: `no-${seq}`,
      caller: 'unknown',
      route: 'POST /sign',
      outcome: 'caller_refused',
      count: 0,
    })
  const omit = () => write({ outcome: 'omitted', count: 12 })

  /** Writes about `count` records of every kind. */
  function work(count: number): Signer {
    const kinds = [
      () => sign('POST /sign', 1, false),
      () => sign('POST /sign/batch', 3, false),
      () => sign('POST /sign/batch', 2, true),
      refuse,
      omit,
    ]
    for (let index = 0; index < count; index += 1) kinds[index % kinds.length]?.()
    return signer
  }

  return { signer, sign, work }
}
