// Signs the message of one request.
import type { Encoding, SignResponse } from '../runtime/contract.ts'
import { computeMac } from './hmac.ts'
import { chooseKey, type KeyRing } from './keys/key-ring.ts'
import { decodeMessage } from './message.ts'

export type SignRequest = { message: string; encoding: Encoding; key_id?: string | undefined }

/** Returns the signature by the requested key. Throws AppError invalid_request for an unknown key or invalid base64. */
export function signMessage(ring: KeyRing, request: SignRequest): SignResponse {
  const key = chooseKey(ring, request.key_id)
  const signature = computeMac(key.material, decodeMessage(request.message, request.encoding))
  return { signature, key_id: key.id, algorithm: 'HMAC-SHA256' }
}
