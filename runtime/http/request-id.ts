// One id a request, the same in the gateway's, the frontend's and the signer's lines.
import { randomUUID } from 'node:crypto'

const sane = /^[A-Za-z0-9._-]{1,128}$/

/** Keeps the caller's `x-request-id` if it can stand in a header and a log line as it is; else makes a UUID. */
export function chooseRequestId(wanted: string | null | undefined): string {
  return typeof wanted === 'string' && sane.test(wanted) ? wanted : randomUUID()
}
