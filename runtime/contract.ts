// The JSON that frontend and signer exchange. Objects are strict: an unknown field is an error.
import * as z from 'zod/mini'
import type { Problem } from './http/problem.ts'
import { requestIdPattern } from './http/request-id.ts'

/** The longest body on every route that takes one message. */
export const MAX_BODY_BYTES = 64 * 1024
export const MAX_BATCH_BODY_BYTES = 4 * 1024 * 1024
export const MAX_BATCH_MESSAGES = 1_000

/** A text that matches `pattern`. `problem` continues "must be", and `meaning` is for the reference. */
function textLike(pattern: RegExp, problem: string, meaning: string) {
  return z
    .string('must be a string')
    .check(z.regex(pattern, `must be ${problem}`), z.describe(meaning))
}

/** A key's id is the name of its entry in the Secret. Kubernetes allows these names. */
export const keyId = textLike(
  /^[A-Za-z0-9._-]{1,253}$/,
  '1 to 253 of A-Z a-z 0-9 . _ -',
  "a key's id: the name of its entry in the Secret",
)

/** What a key signs: any message, or only webhooks. */
export type Form = 'raw' | 'webhook'

/**
 * Text that has exactly one UTF-8 encoding. A lone surrogate has none: encoders replace it by U+FFFD, so different
 * messages would get the same signature.
 */
export const text = z.string('must be a string').check(
  z.refine((value) => value.isWellFormed(), 'must be well-formed Unicode'),
  z.describe('well-formed Unicode, without lone surrogates'),
)

/** Whether a message or body is text, signed as UTF-8, or bytes in base64. */
const encoding = z._default(
  z
    .enum(['utf8', 'base64'], 'must be "utf8" or "base64"')
    .check(z.describe('what the signer signs: the text as UTF-8, or the bytes that it decodes to')),
  'utf8',
)
export type Encoding = z.output<typeof encoding>

/** HMAC-SHA256 as 64 digits of lower-case hex. */
export const signature = textLike(
  /^[0-9a-f]{64}$/,
  '64 digits of lower-case hex',
  'HMAC-SHA256 in lower-case hex',
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

/** An id of Standard Webhooks. A dot ends the id in the signed string, so it has none. */
const webhookId = textLike(
  /^[!-\-/-~]{1,128}$/,
  '1 to 128 visible ASCII characters without a dot',
  'the same for each delivery of an event, by default a new one',
)
const version = z.int('must be a whole number').check(z.gte(1), z.lte(999_999_999))
const consumer = {
  consumer: z.optional(
    textLike(
      /^[A-Za-z0-9._:@/+=~-]{1,128}$/,
      '1 to 128 of A-Z a-z 0-9 . _ : @ / + = ~ -',
      'whose key signs: one that is derived from each webhook key',
    ),
  ),
  consumer_versions: z.optional(
    z.array(version, 'must be a list').check(
      z.refine(
        (list) => list.length === new Set(list).size && (list.length === 1 || list.length === 2),
        'must have one version or two different ones',
      ),
      z.describe("the versions of the consumer's key, by default 1"),
    ),
  ),
  key_id: z.optional(keyId),
}
const needsConsumer = z.refine<{ consumer?: unknown; consumer_versions?: unknown }>(
  (value) => value.consumer_versions === undefined || value.consumer !== undefined,
  { path: ['consumer_versions'], error: 'needs a consumer' },
)

/** The other form of /sign: a webhook, signed by the rules of Standard Webhooks. */
export const webhookRequest = z
  .strictObject({ body: text, encoding, id: z.optional(webhookId), ...consumer })
  .check(needsConsumer)

const seconds = textLike(/^\d{1,12}$/, 'seconds since 1970', 'seconds since 1970, as text')
const webhookSignature = textLike(
  /^\w{1,8},[\w+/=-]{1,256}( \w{1,8},[\w+/=-]{1,256}){0,31}$/,
  'signatures like v1,… with one space between them',
  'one signature or several',
)
const webhookHeaders = z.strictObject({
  'webhook-id': webhookId,
  'webhook-timestamp': seconds,
  'webhook-signature': webhookSignature,
})
export type WebhookHeaders = z.output<typeof webhookHeaders>
export type WebhookResponse = { headers: WebhookHeaders; key_ids: string[] }

const itemIds = {
  request_id: textLike(
    requestIdPattern,
    '1 to 64 of A-Z a-z 0-9 . _ -',
    'as in `x-request-id`, unique within the call',
  ),
  trace_id: z.optional(
    textLike(
      /^(?!0{32})[0-9a-f]{32}$/,
      '32 digits of lower-case hex, not all 0',
      'the trace id of `traceparent`, for the audit log',
    ),
  ),
}

/** A request of /sign within a call, with the ids that it would have in its headers. */
export const signItem = z.strictObject({ ...itemIds, ...signRequest.shape }, 'must be an object')
export const webhookItem = z
  .strictObject({ ...itemIds, ...webhookRequest.shape }, 'must be an object')
  .check(needsConsumer)

/** The items are not validated here, because an invalid one fails alone. */
export const signItemsRequest = z.strictObject({
  items: listOf(z.unknown().check(z.describe('requests that are signed or refused one by one'))),
})

/** Results are in the order of the items. */
export type SignItemResult = { request_id: string } & (
  | SignResponse
  | WebhookResponse
  | { problem: Problem }
)
export type SignItemsResponse = { results: SignItemResult[] }

export const verifyRequest = z.strictObject({
  message: text,
  encoding,
  signature,
  key_id: z.optional(keyId),
})

export const verifyWebhookRequest = z
  .strictObject({ body: text, encoding, headers: webhookHeaders, ...consumer })
  .check(needsConsumer)

/** `key_id` is the key that made the signature. */
export type VerifyResponse = { valid: true; key_id: string } | { valid: false }

/** Sorted by id. The `primary` key of a form signs by default. Every key verifies, and signs when a request names it. */
export type KeysResponse = { keys: { key_id: string; state: 'primary' | 'active'; form: Form }[] }
