// Shows the signer that it is its own Pod's frontend that asks: each request is signed with the secret that the signer
// has left in the volume that both mount. Its bytes get into no header, error or log.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { AppError } from '../runtime/errors.ts'
import { PAIRING_SECRET_BYTES, signRequestHeaders } from '../runtime/http/http-signature.ts'

/** `headers` for a request, and the secret that they were made with. */
export type Proof = { headers: Record<string, string>; secret?: KeyObject }
export type Pairing = {
  /** Throws AppError pairing_unavailable. */
  sign: (request: { method: string; path: string; body: Uint8Array }) => Proof
  /**
   * Reads the secret again, for the signer makes a new one at each start. True if it is another one than `used`: of many
   * requests under way at that moment, each is told by what it was signed with itself.
   */
  renew: (used?: KeyObject) => boolean
}

/** Makes the pairing with the secret in `file`; without a file (separate Pods) nothing is signed. */
export function createPairing(file: string | undefined, now: () => number = Date.now): Pairing {
  if (file === undefined) return { sign: () => ({ headers: {} }), renew: () => false }
  let secret: KeyObject | undefined
  return {
    sign: (request) => {
      secret ??= readSecret(file)
      const created = Math.floor(now() / 1_000)
      return { headers: signRequestHeaders(secret, { ...request, created }), secret }
    },
    renew: (used) => {
      secret = readSecret(file)
      return used === undefined || !used.equals(secret)
    },
  }
}

function readSecret(file: string): KeyObject {
  try {
    const bytes = readFileSync(file)
    if (bytes.length !== PAIRING_SECRET_BYTES) throw unavailable('is not whole')
    return createSecretKey(bytes)
  } catch (error) {
    if (error instanceof AppError) throw error
    throw unavailable('cannot be read', error)
  }
}

function unavailable(what: string, cause?: unknown): AppError {
  return new AppError('pairing_unavailable', `the pairing secret ${what}`, { cause })
}
