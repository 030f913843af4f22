// Message signatures: HMAC (RFC 2104) with SHA-256.
import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto'

/** Bytes, or well-formed text that is signed as UTF-8. Text avoids a copy. */
export type Message = string | Uint8Array

/** A derived key is hex, because making a KeyObject costs more than signing. */
export type MacKey = KeyObject | string

/** 144 bits of a digest in base64url. */
const SHORT = 24

// Each Buffer that node:crypto returns costs as much as half a signature. So digests are texts, and the fingerprint takes its bytes
// from Node's pool.

/**
 * Returns HMAC-SHA256 over `message` as 64 digits of lower-case hex. `fingerprint` tells signatures apart in the audit log, and is no
 * signature.
 */
export function signMessage(key: MacKey, message: Message) {
  const signature = createHmac('sha256', key, { encoding: 'hex' }).update(message).digest('hex')
  const digest = hash('sha256', Buffer.from(signature, 'hex'), 'base64url')
  return { signature, fingerprint: digest.slice(0, SHORT) }
}

/** Returns the MAC of a line of the audit log, which is ASCII. */
export function computeLineMac(key: KeyObject, line: string): string {
  // SHA-512, because a signer of version 0.1 takes this key for a signing key, and signs by SHA-256.
  return createHmac('sha512', key).update(line, 'latin1').digest('base64url').slice(0, SHORT)
}

/** Returns true if one of the signatures is valid. Compares in constant time. */
export function verifyMac(key: MacKey, message: Message, given: readonly Buffer[]): boolean {
  const expected = createHmac('sha256', key, { encoding: 'hex' }).update(message).digest()
  return given.some((each) => each.length === expected.length && timingSafeEqual(expected, each))
}

/** What HKDF-Extract makes of each key. */
const extracted = new WeakMap<KeyObject, KeyObject>()

/**
 * Derives a key of 32 bytes: HKDF-SHA256 (RFC 5869) without salt, in hex. HKDF-Extract is made once for each key, and 32 bytes of
 * HKDF-Expand are one HMAC. So it costs a third of node:crypto's hkdfSync.
 */
export function deriveKey(key: KeyObject, info: string): string {
  let root = extracted.get(key)
  if (root === undefined) {
    root = createSecretKey(createHmac('sha256', Buffer.alloc(32)).update(key.export()).digest())
    extracted.set(key, root)
  }
  return createHmac('sha256', root).update(`${info}\x01`).digest('hex')
}
