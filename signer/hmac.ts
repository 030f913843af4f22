// Message signatures: HMAC (RFC 2104) with SHA-256.
import { createHmac, hash, type KeyObject, timingSafeEqual } from 'node:crypto'

/** Bytes, or well-formed text that is signed as UTF-8. Text avoids a copy. */
export type Message = string | Uint8Array

/** `signature` is 64 digits of lower-case hex. `fingerprint` tells signatures apart in the audit log, and is no signature. */
export type SignedMessage = { signature: string; fingerprint: string }

/** Returns HMAC-SHA256 over `message`. */
export function signMessage(key: KeyObject, message: Message): SignedMessage {
  const mac = createHmac('sha256', key).update(message).digest()
  return { signature: mac.toString('hex'), fingerprint: shorten(hash('sha256', mac, 'buffer')) }
}

/** Returns the MAC of a line of the audit log. */
export function computeLineMac(key: KeyObject, line: string): string {
  // SHA-512, because a signer of version 0.1 takes this key for a signing key, and signs by SHA-256.
  return shorten(createHmac('sha512', key).update(line).digest())
}

/** Returns the first 144 bits as 24 characters of base64url. A slice of a longer text would keep all of it in memory. */
function shorten(digest: Buffer): string {
  return digest.toString('base64url', 0, 18)
}

/** Returns true if `signature` (64 digits of lower-case hex) is valid. Compares in constant time. */
export function verifyMac(key: KeyObject, message: Message, signature: string): boolean {
  const expected = createHmac('sha256', key).update(message).digest()
  const given = Buffer.from(signature, 'hex')
  return given.length === expected.length && timingSafeEqual(expected, given)
}
