// Who calls: by the certificate that the proxy has verified, if there is one between.
import { AppError } from '../runtime/errors.ts'
import type { Admit } from './signing-deps.ts'

/** Who is at the other end of the socket: the mesh's proxy, or a container of this Pod itself. */
export type Peer = 'proxy' | 'container'
/** The caller for the audit log. `header`: the value of X-Forwarded-Client-Cert. */
export type ReadCaller = (header: string | undefined) => string

/**
 * The element that the proxy appends to X-Forwarded-Client-Cert; with mutual TLS it always does, and always last.
 * Whatever stands before it was sent by the caller and is worth nothing, so it is matched from the end.
 */
const lastElement =
  /(?:^|,)By=[^,;="]*;Hash=[0-9a-f]{64};Subject="(?:[^"\\]|\\.)*";URI=(spiffe:\/\/[^\s,;="]{1,2048})$/

/** Makes the reader. What a container writes of itself is believed by nobody: it is whoever has the socket. */
export function createCallerReader(peer: Peer): ReadCaller {
  return peer === 'proxy' ? readCaller : () => 'socket'
}

/** Returns the SPIFFE id, or "unknown". */
function readCaller(header: string | undefined): string {
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
