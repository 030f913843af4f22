// The trace that a request belongs to, by W3C Trace Context (https://www.w3.org/TR/trace-context/). It is the caller's word: of
// what a caller wrote only hex reaches a log line, and only what the grammar knows is passed on.

/** `headers`: for the request that is made on behalf of this one. */
export type TraceContext = { traceId: string; headers: Record<string, string> }

/** Section 3.2.2; and a later version may have more at its end (3.2.4), which is nothing we know. */
const traceparentPattern =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const KNOWN_VERSION = '00'
/** The one flag of this version (section 3.2.2.5). */
const SAMPLED = 1

/** "tracestate Limits" has to be 512 characters at least that are passed on; here it is no more either. */
const MAX_STATE_CHARACTERS = 512
const MAX_MEMBERS = 32
/** "list-members": a key, and a value without comma and equals sign that does not end in a blank. */
const memberPattern = /^[a-z0-9][a-z0-9_*/@-]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/

/**
 * Reads the values of both headers. Undefined if there is no trace, or none that can be read: then `tracestate` is worth nothing
 * either. A `tracestate` that breaks the rules is left out, and the trace goes on.
 *
 * What is passed on is what came. We make no spans, so the parent is still the proxy's, and who leaves `traceparent` as it is must
 * leave `tracestate` too (section 3.4). Only of a later version remains what this one knows (section 3.2.4).
 */
export function readTraceContext(
  traceparent: string | undefined,
  tracestate: string | undefined,
): TraceContext | undefined {
  const [, version, traceId, parentId, flags, more] =
    traceparentPattern.exec(traceparent ?? '') ?? []
  if (traceId === undefined || flags === undefined) return undefined
  const isKnown = version === KNOWN_VERSION
  if (isKnown && more !== undefined) return undefined
  const sampled = Number.parseInt(flags, 16) & SAMPLED
  const headers: Record<string, string> = {
    traceparent: `${KNOWN_VERSION}-${traceId}-${parentId}-${isKnown ? flags : `0${sampled}`}`,
  }
  if (tracestate !== undefined && isState(tracestate)) headers.tracestate = tracestate
  return { traceId, headers }
}

function isState(value: string): boolean {
  if (value.length > MAX_STATE_CHARACTERS) return false
  // Empty members are allowed: two header lines may have been put together.
  const members = value
    .split(',')
    .map((each) => each.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((each) => each !== '')
  const keys = new Set(members.map((each) => each.split('=', 1)[0]))
  return (
    members.length > 0 &&
    members.length <= MAX_MEMBERS &&
    keys.size === members.length &&
    members.every((each) => memberPattern.test(each))
  )
}
