// Reads the trace of a request, by W3C Trace Context (https://www.w3.org/TR/trace-context/). The caller chooses these
// headers. Only hex digits reach the log, and only values that follow the grammar are passed on.

/** `headers` are for the request to the signer. */
export type TraceContext = { traceId: string; headers: Record<string, string> }

/** Section 3.2.2. A later version may append fields (3.2.4), which are ignored. */
const traceparentPattern =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const KNOWN_VERSION = '00'
/** The only flag of this version (section 3.2.2.5). */
const SAMPLED = 1

/** "tracestate Limits" requires to pass on at least 512 characters. A longer value is dropped. */
const MAX_STATE_CHARACTERS = 512
const MAX_MEMBERS = 32
/** "list-members": a key, and a value that has no comma or equals sign and does not end with a space. */
const memberPattern = /^[a-z0-9][a-z0-9_*/@-]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/

/**
 * Reads the values of both headers. Returns undefined if `traceparent` is absent or invalid, because `tracestate` alone
 * means nothing. An invalid `tracestate` is dropped, and the trace continues.
 *
 * The services make no spans of their own, so they pass both headers on unchanged (section 3.4). A later version is
 * reduced to the fields of this version (section 3.2.4).
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
  // Empty members are allowed, because a proxy may have joined two header lines.
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
