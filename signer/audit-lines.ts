// The lines of the audit log. A line never holds a message, a key, a token or a signature.

/** What happened to a call, or to those of its requests that share a key or an error. */
export type Outcome = {
  /** `signed`, `verified`, `listed`, or an error code. */
  outcome: string
  /** How many messages were signed or verified. */
  count: number
  key_id?: string
  /** The ids of the requests, if the call carries those of several callers. */
  request_ids?: readonly string[]
  /** The trace id of each of them, or an empty text. */
  trace_ids?: readonly string[]
}

export type AuditEntry = Outcome & {
  request_id: string
  /** The trace id that the caller sent. It proves nothing. */
  trace_id?: string
  /** The caller's SPIFFE id that the proxy verified, "unknown" without one, or "socket" without a proxy. */
  caller: string
  /** For example "POST /sign". */
  route: string
  /** Which line this is, and how many the call has, if there are several. */
  part?: number
  parts?: number
}

/** Container runtimes split longer lines. containerd does not count the newline, and Docker does. */
const MAX_LINE_BYTES = 16 * 1024
/** Room for `part`, `parts` and the newline. */
const PLACE_BYTES = 32

/** Formats the lines of one call. JSON escapes line breaks, so a line is one entry, or a part of a longer one. */
export function formatAuditLines(entries: readonly AuditEntry[], time: string): string {
  const parts = entries.flatMap((entry) => splitEntry({ time, event: 'audit', ...entry }))
  const isOne = parts.length === 1
  const lines = parts.map((each, index) => {
    const line = isOne ? each : { ...each, part: index + 1, parts: parts.length }
    return `${JSON.stringify(line)}\n`
  })
  return lines.join('')
}

/** Halves an entry until each part fits into a line. */
function splitEntry<T extends AuditEntry>(entry: T): T[] {
  const { request_ids: ids, trace_ids: traceIds, count } = entry
  if (ids === undefined || ids.length === 1) return [entry]
  if (Buffer.byteLength(JSON.stringify(entry)) + PLACE_BYTES <= MAX_LINE_BYTES) return [entry]
  const cut = (start: number, end: number) => ({
    ...{ ...entry, count: count && end - start, request_ids: ids.slice(start, end) },
    ...(traceIds && { trace_ids: traceIds.slice(start, end) }),
  })
  const half = Math.ceil(ids.length / 2)
  return [cut(0, half), cut(half, ids.length)].flatMap(splitEntry)
}
