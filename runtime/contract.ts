// The JSON that frontend and signer exchange. Objects are strict: an unknown field is an error.
import * as z from 'zod/mini'
import type { Problem } from './http/problem.ts'
import { requestIdPattern } from './http/request-id.ts'

/** The longest body on every route that takes one message. */
export const MAX_BODY_BYTES = 64 * 1024
export const MAX_BATCH_BODY_BYTES = 4 * 1024 * 1024
export const MAX_BATCH_MESSAGES = 1_000

/** A text that matches `pattern`. `problem` continues "must be". */
export function textLike(pattern: RegExp, problem: string) {
  return z.string('must be a string').check(z.regex(pattern, `must be ${problem}`))
}

/** A key's id is the name of its entry in the Secret. Kubernetes allows these names. */
export const keyId = textLike(/^[A-Za-z0-9._-]{1,253}$/, '1 to 253 of A-Z a-z 0-9 . _ -')

/** What a key signs: any message, or only webhooks. */
export type Form = 'raw' | 'webhook'

/**
 * Text that has exactly one UTF-8 encoding. A lone surrogate has none: encoders replace it by U+FFFD, so different
 * messages would get the same signature.
 */
export const text = z
  .string('must be a string')
  .check(z.refine((value) => value.isWellFormed(), 'must be well-formed Unicode'))

/** Whether a message or body is text, signed as UTF-8, or bytes in base64. */
const encoding = z._default(z.enum(['utf8', 'base64'], 'must be "utf8" or "base64"'), 'utf8')
export type Encoding = z.output<typeof encoding>

/** HMAC-SHA256 as 64 digits of lower-case hex. */
export const signature = textLike(/^[0-9a-f]{64}$/, '64 digits of lower-case hex')

/** What every request that signs or verifies may have. */
const shared = { encoding, key_id: z.optional(keyId) }

export const signRequest = z.strictObject({ message: text, ...shared })

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

export const signBatchRequest = z.strictObject({ messages: listOf(text), ...shared })

/** Signatures are in the order of the messages. */
export type SignBatchResponse = { key_id: string; algorithm: 'HMAC-SHA256'; signatures: string[] }

/** An id of Standard Webhooks. A dot ends the id in the signed string, so it has none. */
const webhookId = textLike(/^[!-\-/-~]{1,128}$/, '1 to 128 visible ASCII characters without a dot')

const consumer = textLike(/^[A-Za-z0-9._:@/+=~-]{1,128}$/, '1 to 128 of A-Z a-z 0-9 ._:@/+=~-')

const oneOrTwo = 'must be one or two versions from 1 to 999999999, for example [1] or [2,1]'
const version = z.int(oneOrTwo).check(z.gte(1, oneOrTwo), z.lte(999_999_999, oneOrTwo))
const versions = z
  .array(version, oneOrTwo)
  .check(z.minLength(1, oneOrTwo), z.maxLength(2, oneOrTwo))

/** A webhook without what tells where it goes. */
const webhook = {
  body: text,
  consumer: z.optional(consumer),
  consumer_versions: z.optional(versions),
  ...shared,
}

/** The other form of /sign: a webhook, signed by the rules of Standard Webhooks. */
export const webhookRequest = z.strictObject({ ...webhook, id: z.optional(webhookId) })

export type WebhookRequest = z.output<typeof webhookRequest>
export type SignRequest = z.output<typeof signRequest> | WebhookRequest

/** The headers of a webhook. */
const webhookHeaders = z.strictObject({
  'webhook-id': webhookId,
  'webhook-timestamp': text,
  'webhook-signature': text,
})
export type WebhookHeaders = z.output<typeof webhookHeaders>
export type WebhookResponse = { headers: WebhookHeaders; key_ids: string[] }

const itemIds = {
  request_id: textLike(requestIdPattern, '1 to 64 of A-Z a-z 0-9 . _ -'),
  trace_id: z.optional(textLike(/^(?!0{32})[0-9a-f]{32}$/, '32 digits of hex, not all 0')),
}

/** A request of /sign within a call, with the ids that it would have in its headers. */
export const signItem = z.strictObject({ ...itemIds, ...signRequest.shape }, 'must be an object')
export const webhookItem = z.strictObject({ ...itemIds, ...webhookRequest.shape })

/** The items are not validated here, because an invalid one fails alone. */
export const signItemsRequest = z.strictObject({ items: listOf(z.unknown()) })

/** Results are in the order of the items. */
export type SignItemResult = { request_id: string } & (SignAnswer | { problem: Problem })
export type SignAnswer = SignResponse | WebhookResponse

export const verifyRequest = z.strictObject({ message: text, signature, ...shared })
export const verifyWebhookRequest = z.strictObject({ ...webhook, headers: webhookHeaders })

/** `key_id` is the key that made the signature. */
export type VerifyResponse = { valid: true; key_id: string } | { valid: false }

/** Sorted by id. The `primary` key of a form signs by default. Every key verifies, and signs when a request names it. */
export type KeysResponse = { keys: { key_id: string; state: 'primary' | 'active'; form: Form }[] }
