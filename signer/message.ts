// Decodes and signs the message of a request.
import type { Encoding, SignResponse } from '../runtime/contract.ts'
import { AppError } from '../runtime/errors.ts'
import { computeMac, type Message } from './hmac.ts'
import { chooseKey, type KeyRing } from './keys/key-ring.ts'

export type SignRequest = { message: string; encoding: Encoding; key_id?: string | undefined }

/**
 * Returns what to sign: the text itself, or the bytes that it encodes. Base64 must follow RFC 4648 section 4, padded and
 * canonical, so different texts never decode to the same bytes. Throws AppError invalid_request that names `field`.
 */
export function decodeMessage(message: string, encoding: Encoding, field = 'message'): Message {
  if (encoding === 'utf8') return message
  const bytes = Buffer.from(message, encoding)
  // Node's decoder skips invalid characters, so encode again and compare.
  if (bytes.toString('base64') === message) return bytes
  throw new AppError('invalid_request', `${field}: must be base64 with padding`, { field })
}

/** Returns the signature by the requested key. Throws AppError invalid_request for an unknown key or invalid base64. */
export function signMessage(ring: KeyRing, request: SignRequest): SignResponse {
  const key = chooseKey(ring, request.key_id)
  const signature = computeMac(key.material, decodeMessage(request.message, request.encoding))
  return { signature, key_id: key.id, algorithm: 'HMAC-SHA256' }
}
