// The lines of the audit log. A line never holds a message, a key, a token or a signature.
import { MAX_BATCH_MESSAGES } from '../runtime/contract.ts'

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

function splitEntry<T extends AuditEntry>(entry: T): T[] {
  const { request_ids: ids, trace_ids: traces } = entry
  if (ids === undefined) return [entry]
  const most = MAX_BATCH_MESSAGES
  const longest = { ...entry, request_ids: [], trace_ids: [], count: most, part: most, parts: most }
  const room = MAX_LINE_BYTES - Buffer.byteLength(`${JSON.stringify(longest)}\n`)
  const parts: T[] = []
  const cut = (end: number) => {
    const lists = {
      request_ids: ids.slice(start, end),
      ...(traces && { trace_ids: traces.slice(start, end) }),
    }
    parts.push({ ...entry, count: entry.count && end - start, ...lists })
  }
  let [start, used] = [0, 0]
  for (const [index, id] of ids.entries()) {
    const bytes = sizeOf(id) + (traces === undefined ? 0 : sizeOf(traces[index] ?? ''))
    if (used + bytes > room) {
      cut(index)
      ;[start, used] = [index, 0]
    }
    used += bytes
  }
  cut(ids.length)
  return parts
}

/** The bytes in a list: quotes and a comma. The schema allows no character that JSON escapes. */
function sizeOf(id: string): number {
  return id.length + 3
}
