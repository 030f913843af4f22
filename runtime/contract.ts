// The wire contract between frontend and signer. Objects are strict: an unknown field is a mistake, not a wish.
import { z } from 'zod'

/** Of a request body, on every route. */
export const MAX_BODY_BYTES = 64 * 1024

/** The names that Kubernetes takes for a Secret's entries: a key's id is the name of its entry. */
export const keyId = z
  .string('must be a string')
  .regex(/^[A-Za-z0-9._-]{1,253}$/, 'must be 1 to 253 of A-Z a-z 0-9 . _ -')

/**
 * Text with one encoding in UTF-8. A lone surrogate has none: encoders put U+FFFD in its place, so that different
 * messages would get the same signature.
 */
export const text = z
  .string('must be a string')
  .refine((value) => value.isWellFormed(), 'must be well-formed Unicode')

export const signRequest = z.strictObject({
  message: text,
  encoding: z.enum(['utf8', 'base64'], 'must be "utf8" or "base64"').default('utf8'),
  keyId: keyId.optional(),
})
export type SignRequest = z.output<typeof signRequest>

/** `signature`: lower-case hex over the message's bytes. */
export const signResponse = z.strictObject({
  signature: z.string().regex(/^[0-9a-f]{64}$/),
  keyId,
  algorithm: z.literal('HMAC-SHA256'),
})
export type SignResponse = z.output<typeof signResponse>
