// The MAC: HMAC (RFC 2104) with SHA-256.
import { createHmac, type KeyObject } from 'node:crypto'

/** Returns HMAC-SHA256 over `message` as 64 digits of lower-case hex. */
export function computeMac(key: KeyObject, message: Uint8Array): string {
  return createHmac('sha256', key).update(message).digest('hex')
}
