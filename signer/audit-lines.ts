// The lines of the audit log. A line never holds a message, a key, a token or a signature.
import { SEAL_BYTES } from './audit-chain.ts'

/** What happened to a call, or to those of its requests that share a key or an error. */
export type Outcome = {
  /** `signed`, `verified`, `listed`, an error code, or `omitted` for lines that were left out. */
  outcome: string
  /** How many messages were signed or verified, or lines left out. */
  count: number
  key_id?: string
  /** One for each signature, in their order. */
  fingerprints?: readonly string[]
  /** The consumer that each is for, or an empty text. */
  consumers?: readonly string[]
  /** The ids of the requests, if the call carries those of several callers. */
  request_ids?: readonly string[]
  /** The trace id of each of them, or an empty text. */
  trace_ids?: readonly string[]
}

export type AuditCall = {
  request_id: string
  /** The trace id that the caller sent. It proves nothing. */
  trace_id?: string
  /** The caller's SPIFFE id that the proxy verified, "unknown" without one, or "socket" without a proxy. */
  caller: string
  /** For example "POST /sign". */
  route: string
}

/** Without a call, an entry is about many. */
export type AuditEntry = Outcome & Partial<AuditCall>

/** Container runtimes split longer lines. containerd does not count the newline, and Docker does. */
const MAX_LINE_BYTES = 16 * 1024
/** Room for `part` and `parts`. */
const PLACE_BYTES = 32

/** Returns the lines of one call as JSON, which escapes line breaks. A line is one entry, or a part of a longer one. */
export function formatAuditLines(entries: readonly AuditEntry[], time: string): string[] {
  const parts = entries.flatMap((entry) => splitEntry({ time, event: 'audit', ...entry }))
  const place = (at: number) => (parts.length > 1 ? { part: at + 1, parts: parts.length } : {})
  return parts.map((each, at) => JSON.stringify({ ...each, ...place(at) }))
}

/** Halves an entry until each part fits into a line. */
function splitEntry<T extends AuditEntry>(entry: T): T[] {
  const size = (entry.request_ids ?? entry.fingerprints ?? []).length
  if (size <= 1) return [entry]
  const bytes = Buffer.byteLength(JSON.stringify(entry)) + PLACE_BYTES + SEAL_BYTES
  if (bytes <= MAX_LINE_BYTES) return [entry]
  const half = Math.ceil(size / 2)
  return [cutOutcome(entry, 0, half), cutOutcome(entry, half, size)].flatMap(splitEntry)
}

/** Returns the part of an outcome for the requests or signatures from `start` to before `end`. */
export function cutOutcome<T extends Outcome>(outcome: T, start: number, end: number): T {
  const cut = (value: unknown) => (Array.isArray(value) ? value.slice(start, end) : value)
  const entries = Object.entries(outcome).map(([name, value]) => [name, cut(value)])
  return { ...Object.fromEntries(entries), count: outcome.count && end - start }
}
