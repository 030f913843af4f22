// The signatures to look up, and what is printed of their records.
import { createHash } from 'node:crypto'
import { UserError } from '../../cli/terminal.ts'
import type { OnRecord, Trust } from './audit-verifier.ts'
import { formatPlace, type Place } from './fault.ts'
import { type AuditRecord, MAC_LENGTH } from './record.ts'

/** How many records of one signature are kept. The same message has the same signature. */
const KEPT = 100
const todo =
  'Give a signature as 64 hexadecimal digits or in base64, or a whole webhook-signature header like v1,…'

/** `signature` is in hexadecimal, or as in webhook-signature. */
export type Sought = { signature: string; lines: string[]; records: number; isVerified: boolean }

/** Parses signatures in hex, base64 or base64url, and values of webhook-signature. Throws UserError if one is something else. */
export function parseSignatures(texts: readonly string[]): Map<string, Sought> {
  // A webhook has one signature for each key and version.
  const all = texts.flatMap((text) =>
    text.startsWith('v1,') ? text.split(/\s+/).filter(Boolean) : [text],
  )
  const sought = all.map((text): [string, Sought] => {
    const prefix = text.startsWith('v1,') ? 'v1,' : ''
    const bytes = readBytes(text.slice(prefix.length))
    if (bytes === undefined) throw new UserError(`${JSON.stringify(text)} is no signature`, todo)
    const signature = prefix ? prefix + bytes.toString('base64') : bytes.toString('hex')
    return [fingerprintOf(bytes), { signature, lines: [], records: 0, isVerified: false }]
  })
  if (sought.length === 0) throw new UserError('there is no signature to look up', todo)
  return new Map(sought)
}

function readBytes(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  return /^[\w+/-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined
}

/** A record has it instead of the signature, which would let anyone who reads the log use it. */
export function fingerprintOf(signature: Uint8Array): string {
  return createHash('sha256').update(signature).digest('base64url').slice(0, MAC_LENGTH)
}

/** Returns what finds the records of the signatures. */
export function createLookup(sought: ReadonlyMap<string, Sought>): OnRecord {
  return (record, place, trust) => {
    for (const [index, fingerprint] of (record.fingerprints ?? []).entries()) {
      const found = sought.get(fingerprint)
      if (found === undefined || record.outcome !== 'signed') continue
      found.records += 1
      found.isVerified ||= trust === 'intact'
      if (found.lines.length < KEPT) found.lines.push(describe(record, index, place, trust))
    }
  }
}

function describe(record: AuditRecord, index: number, place: Place, trust: Trust): string {
  const { request_id: call, request_ids: ids, trace_id: traceId, trace_ids: traceIds } = record
  const fields = {
    time: record.time,
    request_id: ids?.[index] ?? call,
    ...(ids && { call }),
    trace_id: (ids ? traceIds?.[index] : traceId) || undefined,
    ...{ caller: record.caller, consumer: record.consumers?.[index] || undefined },
    key_id: record.key_id,
    ...{ instance: record.instance, seq: record.seq, at: formatPlace(place) },
    ...(trust !== 'intact' && { record: trust }),
  }
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${quote(String(value))}`)
    .join(' ')
}

/** A forged record may have control characters, which a terminal would obey. */
function quote(value: string): string {
  return /^[\w.:/+@-]+$/.test(value) ? value : JSON.stringify(value).replace(/[^ -~]/g, '?')
}
