// Reads the parsed body of a request.
import type { Encoding } from '../runtime/contract.ts'
import { AppError } from '../runtime/errors.ts'
import type { Message } from './hmac.ts'

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

/** Returns true if `value` is an object with this field. The forms of a body differ by one. */
export function hasField(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
}
