// Reads the trace id of a request, by W3C Trace Context (https://www.w3.org/TR/trace-context/), for the logs. The caller chooses it.

/** Section 3.2.2. Version 00 has 55 characters. A later version may append fields (3.2.4), which are ignored. */
const pattern =
  /^(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/

/** Returns the trace id, or undefined if `traceparent` is absent or invalid. */
export function readTraceId(traceparent: string | undefined): string | undefined {
  return pattern.exec(traceparent ?? '')?.[1]
}
