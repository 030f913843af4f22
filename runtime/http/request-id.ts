// One id for each request, the same in the logs of the gateway, the frontend and the signer.
import { randomUUID } from 'node:crypto'

const sane = /^[A-Za-z0-9._-]{1,128}$/

/** Returns the caller's `x-request-id` if it is safe in a header and a log line, else a new UUID. */
export function chooseRequestId(wanted: string | null | undefined): string {
  return typeof wanted === 'string' && sane.test(wanted) ? wanted : randomUUID()
}
