// The wire contract between frontend and signer. Objects are strict: an unknown field is a mistake, not a wish.
import * as z from 'zod/mini'

/** Of a request body, on every route that takes one message. */
export const MAX_BODY_BYTES = 64 * 1024
export const MAX_BATCH_BODY_BYTES = 4 * 1024 * 1024
export const MAX_BATCH_MESSAGES = 1_000

/** The names that Kubernetes takes for a Secret's entries: a key's id is the name of its entry. */
export const keyId = z
  .string('must be a string')
  .check(
    z.regex(/^[A-Za-z0-9._-]{1,253}$/, 'must be 1 to 253 of A-Z a-z 0-9 . _ -'),
    z.describe("a key's id: the name of its entry in the Secret"),
  )

/**
 * Text with one encoding in UTF-8. A lone surrogate has none: encoders put U+FFFD in its place, so that different
 * messages would get the same signature.
 */
export const text = z.string('must be a string').check(
  z.refine((value) => value.isWellFormed(), 'must be well-formed Unicode'),
  z.describe('well-formed Unicode: no lone surrogates'),
)

/** What a message's text stands for: its UTF-8, or the bytes that it is the base64 of. */
const encoding = z._default(
  z
    .enum(['utf8', 'base64'], 'must be "utf8" or "base64"')
    .check(z.describe("what is signed: the text's UTF-8, or the bytes that it is the base64 of")),
  'utf8',
)
export type Encoding = z.output<typeof encoding>

/** HMAC-SHA256 as 64 digits of lower-case hex. */
export const signature = z
  .string('must be a string')
  .check(
    z.regex(/^[0-9a-f]{64}$/, 'must be 64 digits of lower-case hex'),
    z.describe('HMAC-SHA256 in lower-case hex'),
  )
const algorithm = z.literal('HMAC-SHA256')

export const signRequest = z.strictObject({ message: text, encoding, keyId: z.optional(keyId) })

export const signResponse = z.strictObject({ signature, keyId, algorithm })
export type SignResponse = z.output<typeof signResponse>

export const signBatchRequest = z.strictObject({
  messages: z
    .array(text, 'must be a list')
    .check(
      z.minLength(1, 'must have a message'),
      z.maxLength(MAX_BATCH_MESSAGES, `must not have more than ${MAX_BATCH_MESSAGES} messages`),
    ),
  encoding,
  keyId: z.optional(keyId),
})

/** Signatures in the order of the messages. */
export type SignBatchResponse = { keyId: string; algorithm: 'HMAC-SHA256'; signatures: string[] }

export const verifyRequest = z.strictObject({
  message: text,
  encoding,
  signature,
  keyId: z.optional(keyId),
})

/** `keyId`: of the key that the signature is by. */
export type VerifyResponse = { valid: true; keyId: string } | { valid: false }

/** In the order of their ids. `primary` signs when no key is asked for; every key verifies, and signs when asked for. */
export type KeysResponse = { keys: { keyId: string; state: 'primary' | 'active' }[] }
