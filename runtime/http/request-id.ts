// One id for each request, the same in the logs of the gateway, the frontend and the signer.
import { randomUUID } from 'node:crypto'

/** What is safe in a header and in a log line. */
export const requestIdPattern = /^[A-Za-z0-9._-]{1,64}$/

/** Returns the caller's `x-request-id` if it fits `requestIdPattern`, else a new UUID. */
export function chooseRequestId(wanted: string | null | undefined): string {
  return typeof wanted === 'string' && requestIdPattern.test(wanted) ? wanted : randomUUID()
}
