// How secrets and signatures are written.

/** Lists the notations of these bytes. */
export function listNotations(bytes: Buffer): string[] {
  const hex = bytes.toString('hex')
  const base64 = bytes.toString('base64').replace(/=+$/, '')
  return [...new Set([hex, hex.toUpperCase(), base64, bytes.toString('base64url')])]
}
