// HTTP Message Signatures (RFC 9421) with hmac-sha256, as the signer computes them to check a request. A signature covers the
// method, the path and the digest of the body. client/request-signature.ts signs, and clients/vectors.json holds examples.
import { createHmac, hash, type KeyObject } from 'node:crypto'

/** The covered components, in this order. The signer accepts no other list. */
const COVERED = '("@method" "@path" "content-digest")'
export const SIGNATURE_LABEL = 'sig1'
const KEY_ID = 'pairing'
export const PAIRING_SECRET_BYTES = 32

/** `path` has no query. `digest` is the value of Content-Digest. `created` is in seconds since 1970. */
export type SignedParts = { method: string; path: string; digest: string; created: number }

/** Returns the value of Content-Digest (RFC 9530 section 2). */
export function computeContentDigest(body: Uint8Array): string {
  return `sha-256=:${hash('sha256', body, 'base64')}:`
}

/** Returns the value of @signature-params (RFC 9421 section 2.3), which Signature-Input repeats. */
export function formatSignatureParams(created: number): string {
  return `${COVERED};created=${created};keyid="${KEY_ID}";alg="hmac-sha256"`
}

/** Returns the signature of a request in base64: HMAC-SHA256 over its signature base (RFC 9421, sections 2.5 and 3.3.3). */
export function computeRequestSignature(secret: KeyObject, parts: SignedParts): string {
  const { method, path, digest, created } = parts
  const components = `"@method": ${method}\n"@path": ${path}\n"content-digest": ${digest}\n`
  const base = `${components}"@signature-params": ${formatSignatureParams(created)}`
  return createHmac('sha256', secret).update(base).digest('base64')
}
