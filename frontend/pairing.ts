// Shows the signer that it is its own Pod's frontend that asks: each request is signed with the secret that the signer
// has left in the volume that both mount. Its bytes get into no header, error or log.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { AppError } from '../runtime/errors.ts'
import { PAIRING_SECRET_BYTES, signRequestHeaders } from '../runtime/http-signature.ts'

export type Pairing = {
  /** Headers for a request; throws AppError pairing_unavailable. */
  sign: (request: { method: string; path: string; body: Uint8Array }) => Record<string, string>
  /** Reads the secret again, for the signer makes a new one at each start. True if it is another one than before. */
  renew: () => boolean
}

/** Makes the pairing with the secret in `file`; without a file (separate Pods) nothing is signed. */
export function createPairing(file: string | undefined, now: () => number = Date.now): Pairing {
  if (file === undefined) return { sign: () => ({}), renew: () => false }
  let secret: KeyObject | undefined
  return {
    sign: (request) => {
      secret ??= readSecret(file)
      return signRequestHeaders(secret, { ...request, created: Math.floor(now() / 1_000) })
    },
    renew: () => {
      const before = secret
      secret = readSecret(file)
      return before === undefined || !before.equals(secret)
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
