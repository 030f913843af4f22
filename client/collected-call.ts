// One call for many messages: POST /sign/batch with `items`. A result belongs to the item with its place and its request id.
// If one result does not, none is used, so nobody gets the signature of another message.
import type { Answer } from './http-client.ts'
import {
  isSigned,
  isSignedWebhook,
  parseAnswer,
  type Signed,
  type SignedWebhook,
} from './signed-answer.ts'
import { SignerError } from './signer-error.ts'
import type { Message } from './waiting-messages.ts'

/** Longer than an answer about one message, also about a webhook with 32 signatures. */
const MAX_RESULT_BYTES = 4 * 1024

/** RFC 9457. `retry_after`: as the header Retry-After, in seconds. */
export type Problem = { status: number; code?: unknown; retry_after?: unknown }
export type Result = { signed: Signed } | { webhook: SignedWebhook } | { problem: Problem }

/** Makes the call. `signPath` is the path for one message. Each `text` is already JSON, so it is not written again. */
export function makeCall(messages: readonly Message[], signPath: string) {
  let items = ''
  for (const { requestId, traceId, text } of messages) {
    const trace = traceId === undefined ? '' : `"trace_id":"${traceId}",`
    items += `${items === '' ? '' : ','}{"request_id":"${requestId}",${trace}${text.slice(1)}`
  }
  return {
    method: 'POST',
    path: `${signPath}/batch`,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(`{"items":[${items}]}`),
    maxAnswerBytes: messages.length * MAX_RESULT_BYTES,
  }
}

/** Returns the result of each message. Throws SignerError signer_unavailable if any is missing, extra, misplaced or invalid. */
export function readResults(messages: readonly Message[], { body }: Answer): Result[] {
  const { results } = parseAnswer(body)
  if (!Array.isArray(results) || results.length !== messages.length) throw invalid()
  return messages.map((message, index) => readResult(results[index], message))
}

/** Returns the webhook of a message that went alone, as a list. Its caller reads the answer itself, so an invalid one is no error. */
export function readAlone({ webhook }: Message, { status, body }: Answer): Result[] {
  if (webhook === undefined || status !== 200) return []
  const value = parseAnswer(body)
  return isSignedWebhook(value, webhook.id) ? [{ webhook: value }] : []
}

/** Returns how many signatures a webhook has. Returns 0 for other results. */
export function countSignatures(result: Result): number {
  return 'webhook' in result ? result.webhook.headers['webhook-signature'].split(' ').length : 0
}

function readResult(value: unknown, { requestId, webhook }: Message): Result {
  if (typeof value !== 'object' || value === null) throw invalid()
  const { request_id: id, problem, ...signed } = value as Record<string, unknown>
  if (id !== requestId) throw invalid()
  if (isProblem(problem) && !('signature' in signed) && !('headers' in signed)) return { problem }
  if (problem === undefined) {
    if (webhook === undefined && isSigned(signed)) return { signed }
    if (webhook !== undefined && isSignedWebhook(signed, webhook.id)) return { webhook: signed }
  }
  throw invalid()
}

function isProblem(value: unknown): value is Problem {
  const { status } = Object(value)
  return Number.isInteger(status) && status >= 400 && status < 600
}

function invalid(): SignerError {
  return new SignerError('signer_unavailable', 'the signer sent an invalid answer')
}
