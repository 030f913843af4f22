// Who calls: the identity in the client certificate that the proxy verified.
import { AppError } from '../runtime/errors.ts'
import type { Admit } from './endpoints/endpoint-deps.ts'

/** Who connects to the socket: the proxy of the mesh, or a container of this Pod. */
export type Peer = 'proxy' | 'container'

/**
 * The element that the proxy appends to X-Forwarded-Client-Cert. With mutual TLS there always is one, and it is always
 * the last. The caller sent everything before it and can forge it, so the pattern matches from the end.
 */
const lastElement =
  /(?:^|,)By=[^,;="]*;Hash=[0-9a-f]{64};Subject="(?:[^"\\]|\\.)*";URI=(spiffe:\/\/[!#-+\--:<>-~]{1,2048})$/

/**
 * Returns the caller for the audit log: the SPIFFE id in X-Forwarded-Client-Cert, or "unknown". Without a proxy the header is ignored,
 * because the caller itself wrote it.
 */
export function readCaller(header: string | undefined, peer: Peer = 'proxy'): string {
  return peer === 'proxy' ? (lastElement.exec(header ?? '')?.[1] ?? 'unknown') : 'socket'
}

/**
 * Makes the check of a signer whose frontend is in another Pod. It admits only the identity `expected`, even if the
 * policies of the mesh allow others. Throws AppError caller_refused.
 */
export function createCallerCheck(expected: string): Admit {
  return (c) => {
    if (readCaller(c.req.header('x-forwarded-client-cert')) !== expected) {
      throw new AppError('caller_refused', 'the caller has another identity than the frontend')
    }
    return () => {}
  }
}
