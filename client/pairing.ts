// Signs each request to the signer with the pairing secret, which the signer writes to a volume that both mount. This
// proves that the request comes from the same Pod. No header, error or log holds the secret.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { signRequest } from './request-signature.ts'
import { SignerError } from './signer-error.ts'

const SECRET_BYTES = 32

/** The headers of a request, and the secret that made them. */
export type Proof = { headers: Record<string, string>; secret: KeyObject }
export type Pairing = {
  /** Throws SignerError pairing_unavailable. */
  sign: (request: { method: string; path: string; body: Uint8Array }) => Proof
  /**
   * Reads the secret again, because the signer makes a new one at each start. Returns true if it differs from `used`,
   * the secret of the request that was refused.
   */
  renew: (used?: KeyObject) => boolean
}

/** Makes the pairing with the secret in `file`. */
export function createPairing(file: string, now: () => number = Date.now): Pairing {
  let secret: KeyObject | undefined
  return {
    sign: (request) => {
      secret ??= readSecret(file)
      const created = Math.floor(now() / 1_000)
      return { headers: signRequest(secret, { ...request, created }), secret }
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
    if (bytes.length !== SECRET_BYTES) throw unavailable(`is not ${SECRET_BYTES} bytes long`)
    return createSecretKey(bytes)
  } catch (error) {
    if (error instanceof SignerError) throw error
    throw unavailable('cannot be read', error)
  }
}

function unavailable(what: string, cause?: unknown): SignerError {
  return new SignerError('pairing_unavailable', `the pairing secret ${what}`, { cause })
}
