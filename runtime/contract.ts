// The JSON that frontend and signer exchange. Objects are strict: an unknown field is an error.
import * as z from 'zod/mini'
import type { Problem } from './http/problem.ts'
import { requestIdPattern } from './http/request-id.ts'

/** The longest body on every route that takes one message. */
export const MAX_BODY_BYTES = 64 * 1024
export const MAX_BATCH_BODY_BYTES = 4 * 1024 * 1024
export const MAX_BATCH_MESSAGES = 1_000

/** A key's id is the name of its entry in the Secret. Kubernetes allows these names. */
export const keyId = z
  .string('must be a string')
  .check(
    z.regex(/^[A-Za-z0-9._-]{1,253}$/, 'must be 1 to 253 of A-Z a-z 0-9 . _ -'),
    z.describe("a key's id: the name of its entry in the Secret"),
  )

/**
 * Text that has exactly one UTF-8 encoding. A lone surrogate has none: encoders replace it by U+FFFD, so different
 * messages would get the same signature.
 */
export const text = z.string('must be a string').check(
  z.refine((value) => value.isWellFormed(), 'must be well-formed Unicode'),
  z.describe('well-formed Unicode, without lone surrogates'),
)

/** Whether a message is text, signed as UTF-8, or bytes in base64. */
const encoding = z._default(
  z
    .enum(['utf8', 'base64'], 'must be "utf8" or "base64"')
    .check(z.describe('what the signer signs: the text as UTF-8, or the bytes that it decodes to')),
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

export const signRequest = z.strictObject({ message: text, encoding, key_id: z.optional(keyId) })

export type SignResponse = { signature: string; key_id: string; algorithm: 'HMAC-SHA256' }

/** A list of 1 to MAX_BATCH_MESSAGES. */
function listOf<T extends z.ZodMiniType>(schema: T) {
  return z
    .array(schema, 'must be a list')
    .check(
      z.minLength(1, 'must have at least one message'),
      z.maxLength(MAX_BATCH_MESSAGES, `must have at most ${MAX_BATCH_MESSAGES} messages`),
    )
}

export const signBatchRequest = z.strictObject({
  messages: listOf(text),
  encoding,
  key_id: z.optional(keyId),
})

/** Signatures are in the order of the messages. */
export type SignBatchResponse = { key_id: string; algorithm: 'HMAC-SHA256'; signatures: string[] }

/** A request of /sign within a call, with the ids that it would have in its headers. */
export const signItem = z.strictObject(
  {
    request_id: z
      .string('must be a string')
      .check(
        z.regex(requestIdPattern, 'must be 1 to 64 of A-Z a-z 0-9 . _ -'),
        z.describe('as in `x-request-id`, unique within the call'),
      ),
    trace_id: z.optional(
      z
        .string('must be a string')
        .check(
          z.regex(/^(?!0{32})[0-9a-f]{32}$/, 'must be 32 digits of lower-case hex, not all 0'),
          z.describe('the trace id of `traceparent`, for the audit log'),
        ),
    ),
    ...signRequest.shape,
  },
  'must be an object',
)

/** The items are not validated here, because an invalid one fails alone. */
export const signItemsRequest = z.strictObject({
  items: listOf(z.unknown().check(z.describe('requests that are signed or refused one by one'))),
})

/** Results are in the order of the items. */
export type SignItemResult = { request_id: string } & (SignResponse | { problem: Problem })
export type SignItemsResponse = { results: SignItemResult[] }

export const verifyRequest = z.strictObject({
  message: text,
  encoding,
  signature,
  key_id: z.optional(keyId),
})

/** `key_id` is the key that made the signature. */
export type VerifyResponse = { valid: true; key_id: string } | { valid: false }

/** Sorted by id. The `primary` key signs by default. Every key verifies, and signs when a request names it. */
export type KeysResponse = { keys: { key_id: string; state: 'primary' | 'active' }[] }
