// Every code that an error may have: its status, who answers it, and what it means.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ErrorCode, statusOf } from '../../runtime/errors.ts'
import { CHECKOUT } from '../cli/checkout.ts'
import { asCode, formatTable } from './markdown.ts'

const meanings: Readonly<Record<ErrorCode, string>> = {
  invalid_request:
    'the body is not the JSON object that the route takes; `field` names what is wrong',
  pairing_refused: "the request is not signed with this signer's own pairing secret",
  caller_refused: "the proxy has verified another identity than the frontend's, or none",
  not_found: 'no such path; a query is part of it',
  method_not_allowed: 'the path knows another method; `Allow` names it',
  request_timeout: 'headers or body came too slowly',
  payload_too_large: 'the body, or what is made of it, is too long',
  unsupported_media_type: 'the body is not `application/json`',
  headers_too_large: 'the headers are too long',
  internal: 'a fault of ours; the log has it under the request id',
  overloaded: 'as many requests as are worked on at once are under way',
  key_unavailable: 'the Secret has no key to sign with; the log says what is wrong with it',
  audit_unavailable: 'the audit log takes no lines, so nothing is answered',
  caller_token_unavailable:
    'the token that shows who calls is missing, empty, malformed or expired',
  pairing_unavailable: 'the signer has left no pairing secret yet, or it can’t be read',
  signer_unavailable: 'the signer can’t be reached, or has not answered with a signature',
  shutting_down: 'the container has been told to stop',
  signer_timeout: 'the signer was too late',
}

/** The table of all codes, by status. */
export function formatErrors(): string {
  const rows = Object.entries(statusOf).map(([code, status]) => [
    String(status),
    asCode(code),
    findAnswerers(code),
    meanings[code as ErrorCode],
  ])
  return formatTable(['status', 'code', 'from', 'meaning'], rows)
}

/** Both, for what is in runtime/. */
function findAnswerers(code: string): string {
  const made = new RegExp(`['"]${code}['"]`)
  const isIn = (room: string) =>
    readdirSync(join(CHECKOUT, room), { recursive: true, encoding: 'utf8' })
      // The frontend's own list of what it may answer, and the list of all codes.
      .filter((name) => name.endsWith('.ts') && !['openapi.ts', 'errors.ts'].includes(name))
      .some((name) => made.test(readFileSync(join(CHECKOUT, room, name), 'utf8')))
  const rooms = isIn('runtime') ? ['frontend', 'signer'] : ['frontend', 'signer'].filter(isIn)
  return rooms.length === 2 ? 'both' : rooms.join('')
}
