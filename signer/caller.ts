// Who calls, by the certificate that the proxy has verified.

/**
 * The element that the proxy appends to X-Forwarded-Client-Cert; with mutual TLS it always does, and always last.
 * Whatever stands before it was sent by the caller and is worth nothing, so it is matched from the end.
 */
const lastElement =
  /(?:^|,)By=[^,;="]*;Hash=[0-9a-f]{64};Subject="(?:[^"\\]|\\.)*";URI=(spiffe:\/\/[^\s,;="]{1,2048})$/

/** Returns the SPIFFE id, or "unknown". `header`: the value of X-Forwarded-Client-Cert. */
export function readCaller(header: string | undefined): string {
  return lastElement.exec(header ?? '')?.[1] ?? 'unknown'
}
