// What a request's text stands for.
import type { Encoding } from '../runtime/contract.ts'
import { AppError } from '../runtime/errors.ts'
import type { Message } from './hmac.ts'

/**
 * Returns what is signed: text for its UTF-8, or bytes. Base64 is that of RFC 4648 section 4, padded and canonical: one
 * text for each bytes. Throws AppError invalid_request that names `field`.
 */
export function decodeMessage(message: string, encoding: Encoding, field = 'message'): Message {
  if (encoding === 'utf8') return message
  const bytes = Buffer.from(message, encoding)
  // Node's decoder passes over what it does not know.
  if (bytes.toString('base64') === message) return bytes
  throw new AppError('invalid_request', `${field}: must be base64`, { field })
}
