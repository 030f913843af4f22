// Signs a request to the signer: HTTP Message Signatures (RFC 9421) with hmac-sha256, over the method, the path and the digest
// of the body (RFC 9530). clients/vectors.json holds examples.
import { createHash, createHmac, type KeyObject } from 'node:crypto'

/** `path` has no query. `created` is in seconds since 1970. */
export type SignedRequest = { method: string; path: string; body: Uint8Array; created: number }

/** Returns the three headers that sign a request. */
export function signRequest(
  secret: KeyObject,
  { method, path, body, created }: SignedRequest,
): Record<string, string> {
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
  const covered = '("@method" "@path" "content-digest")'
  const params = `${covered};created=${created};keyid="pairing";alg="hmac-sha256"`
  const base = [
    `"@method": ${method}`,
    `"@path": ${path}`,
    `"content-digest": ${digest}`,
    `"@signature-params": ${params}`,
  ].join('\n')
  return {
    'content-digest': digest,
    'signature-input': `sig1=${params}`,
    signature: `sig1=:${createHmac('sha256', secret).update(base).digest('base64')}:`,
  }
}
