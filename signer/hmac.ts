// The MAC: HMAC (RFC 2104) with SHA-256.
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'

/** Bytes; or well-formed text, which stands for its UTF-8 and is spared being copied. */
export type Message = string | Uint8Array

/** Returns HMAC-SHA256 over `message` as 64 digits of lower-case hex. */
export function computeMac(key: KeyObject, message: Message): string {
  return createHmac('sha256', key).update(message).digest('hex')
}

/** Compares in constant time. `signature`: 64 digits of lower-case hex. */
export function verifyMac(key: KeyObject, message: Message, signature: string): boolean {
  const expected = createHmac('sha256', key).update(message).digest()
  const given = Buffer.from(signature, 'hex')
  return given.length === expected.length && timingSafeEqual(expected, given)
}
