// Who calls: the identity in the client certificate that the proxy verified.
import { AppError } from '../runtime/errors.ts'
import type { AppContext } from '../runtime/http/http-app.ts'

/** Checks that the body matches the signed headers. Throws an AppError with status 403. */
export type CheckBody = (body: Uint8Array) => void
/** Checks the headers of a request before its body is read. Throws an AppError with status 403. */
export type Admit = (c: AppContext) => CheckBody

/** Who connects to the socket: the proxy of the mesh, or a container of this Pod. */
export type Peer = 'proxy' | 'container'
/** Returns the caller for the audit log. `header` is the value of X-Forwarded-Client-Cert. */
export type ReadCaller = (header: string | undefined) => string

/**
 * The element that the proxy appends to X-Forwarded-Client-Cert. With mutual TLS there always is one, and it is always
 * the last. The caller sent everything before it and can forge it, so the pattern matches from the end.
 */
const lastElement =
  /(?:^|,)By=[^,;="]*;Hash=[0-9a-f]{64};Subject="(?:[^"\\]|\\.)*";URI=(spiffe:\/\/[!#-+\--:<>-~]{1,2048})$/

/** Makes the reader. Without a proxy it ignores the header, because the caller itself wrote it. */
export function createCallerReader(peer: Peer): ReadCaller {
  return peer === 'proxy' ? readCaller : () => 'socket'
}

/** Returns the SPIFFE id, or "unknown". */
function readCaller(header: string | undefined): string {
  return lastElement.exec(header ?? '')?.[1] ?? 'unknown'
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
