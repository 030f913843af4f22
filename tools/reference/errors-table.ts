// The table of error codes: status, service and meaning.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ErrorCode, statusOf } from '../../runtime/errors.ts'
import { CHECKOUT } from '../cli/checkout.ts'
import { asCode, formatTable } from './markdown.ts'

const meanings: Readonly<Record<ErrorCode, string>> = {
  invalid_request: 'The body does not match the schema. `field` names the wrong field.',
  ambiguous_body:
    'The body of a webhook has a number between dots that a receiver could take for the time.',
  pairing_refused: 'The pairing signature is missing or wrong.',
  caller_refused: 'The caller does not have the identity of the frontend.',
  not_found: 'The path does not exist, or has a query.',
  method_not_allowed: '`Allow` lists the methods of this path.',
  request_timeout: 'The headers or the body arrived too slowly.',
  payload_too_large: 'The body or the processed message is too long.',
  unsupported_media_type: 'The body is not `application/json` in UTF-8, or has a content encoding.',
  rate_limited:
    'A limit is reached, and nothing was signed. `Retry-After` and `retry_after` have the seconds to wait.',
  headers_too_large: 'The headers are too long.',
  internal: 'A bug. The log has details under the request id.',
  overloaded: 'Too many requests are in progress.',
  frozen: 'An operator has stopped signing with `make freeze`.',
  key_unavailable: 'The Secret has no valid key. The log has the reason.',
  audit_unavailable: 'The signer cannot write its audit log.',
  caller_token_unavailable: 'The caller token is missing, malformed or expired.',
  pairing_unavailable: 'The pairing secret is missing or not readable.',
  signer_unavailable: 'The signer did not return a signature.',
  shutting_down: 'The container is stopping.',
  signer_timeout: 'The signer did not answer in time.',
}

export function formatErrors(): string {
  const rows = Object.entries(statusOf).map(([code, status]) => [
    String(status),
    asCode(code),
    findServices(code),
    meanings[code as ErrorCode],
  ])
  return formatTable(['status', 'code', 'service', 'meaning'], rows)
}

function findServices(code: string): string {
  const made = new RegExp(`['"]${code}['"]`)
  const isIn = (folder: string) =>
    readdirSync(join(CHECKOUT, folder), { encoding: 'utf8', recursive: true })
      // These two only list codes.
      .filter((name) => name.endsWith('.ts') && !['openapi.ts', 'errors.ts'].includes(name))
      .some((name) => made.test(readFileSync(join(CHECKOUT, folder, name), 'utf8')))
  const services = ['frontend', 'signer'].filter((each) => isIn('runtime') || isIn(each))
  return services.length === 2 ? 'both' : services.join('')
}
