// Who calls, by the certificate that the proxy has verified.
import { AppError } from '../runtime/errors.ts'
import type { Admit } from './signing-deps.ts'

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

/**
 * Makes the lock of a signer whose frontend is in another Pod: it serves who has the identity `expected`, whatever the policies
 * of the mesh let through. Throws AppError caller_refused.
 */
export function createCallerLock(expected: string): Admit {
  return (c) => {
    if (readCaller(c.req.header('x-forwarded-client-cert')) !== expected) {
      throw new AppError('caller_refused', "the caller's identity is not the frontend's")
    }
    return () => {}
  }
}
