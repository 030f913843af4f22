// JSON Web Key Sets (RFC 7517): the public keys of ServiceAccount tokens.
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'

const tokenKey = z.looseObject({
  kty: z.string(),
  kid: z.string().optional(),
  /** Seconds since 1970. The API server's keys have none. A verifier ignores it. */
  exp: z.number().optional(),
})
const keySet = z.object({ keys: z.array(tokenKey) })

export type TokenKey = z.infer<typeof tokenKey>

/** Returns no keys if `text` is not a key set. */
export function parseKeySet(text: string): TokenKey[] {
  try {
    return keySet.parse(JSON.parse(text)).keys
  } catch {
    return []
  }
}

/** Returns one line. */
export function formatKeySet(keys: readonly TokenKey[]): string {
  return JSON.stringify({ keys })
}

export function listMissing(wanted: readonly TokenKey[], given: readonly TokenKey[]): TokenKey[] {
  return wanted.filter((key) => !given.some((other) => isSameKey(key, other)))
}

/** Names the keys for people. */
export function describeKeys(keys: readonly TokenKey[]): string {
  return keys.map(({ kid }) => kid ?? 'a key without kid').join(', ')
}

/** Compares the public key and its id. Issuers add other fields as they like. */
function isSameKey(a: TokenKey, b: TokenKey): boolean {
  return ['kty', 'kid', 'n', 'e', 'crv', 'x', 'y'].every((field) =>
    isDeepStrictEqual(a[field], b[field]),
  )
}
