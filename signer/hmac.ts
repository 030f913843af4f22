// Message signatures: HMAC (RFC 2104) with SHA-256.
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'

/** Bytes, or well-formed text that is signed as UTF-8. Text avoids a copy. */
export type Message = string | Uint8Array

/** Returns HMAC-SHA256 over `message` as 64 digits of lower-case hex. */
export function computeMac(key: KeyObject, message: Message): string {
  return createHmac('sha256', key).update(message).digest('hex')
}

/** Returns true if `signature` (64 digits of lower-case hex) is valid. Compares in constant time. */
export function verifyMac(key: KeyObject, message: Message, signature: string): boolean {
  const expected = createHmac('sha256', key).update(message).digest()
  const given = Buffer.from(signature, 'hex')
  return given.length === expected.length && timingSafeEqual(expected, given)
}
