// POST /sign/batch: the signatures of many messages. The form `messages` has one key, and signs all or none. The form
// `items` has requests of several callers.
import {
  MAX_BATCH_BODY_BYTES,
  MAX_BATCH_MESSAGES,
  type SignBatchResponse,
  signBatchRequest,
  signItemsRequest,
  webhookItem,
} from '../../runtime/contract.ts'
import type { AppContext } from '../../runtime/http/http-app.ts'
import { readJson } from '../../runtime/json/json-body.ts'
import { acceptKeyId } from '../../runtime/previous-version.ts'
import { answer } from '../audited.ts'
import { decodeMessage, hasField } from '../message.ts'
import type { EndpointDeps } from './endpoint-deps.ts'
import { signItems } from './sign-items.ts'

const messagesForm = acceptKeyId(signBatchRequest)
/** Twice the parts of the largest batch, so that a batch that is slightly too large gets the schema's error. */
const MAX_PARTS = 2 * MAX_BATCH_MESSAGES * (Object.keys(webhookItem.shape).length + 1)

/**
 * Makes the handler. It answers SignBatchResponse, or for items a list of SignItemResult. It throws like POST /sign, and names
 * the invalid message.
 */
export function createSignBatchHandler({ signing, admit }: EndpointDeps) {
  const chooseForm = (value: unknown) =>
    hasField(value, 'items') ? signItemsRequest : messagesForm
  return async function signBatch(c: AppContext): Promise<Response> {
    const limits = { maxBytes: MAX_BATCH_BODY_BYTES, maxParts: MAX_PARTS }
    const request = await readJson(c, chooseForm, { ...limits, checkBody: admit(c) })
    if ('items' in request) {
      const { results, outcomes } = signItems(signing, request.items)
      // V8's heap would not hold the text of several large answers that wait for the audit log. Bytes are outside of it.
      return answer(c, Buffer.from(JSON.stringify({ results })), ...outcomes)
    }
    const { messages, encoding } = request
    const decoded = messages.map((each, at) => decodeMessage(each, encoding, `messages.${at}`))
    const { keyId, signatures, outcome } = signing.signMessages(request.key_id, decoded)
    const response: SignBatchResponse = { key_id: keyId, algorithm: 'HMAC-SHA256', signatures }
    return answer(c, response, outcome)
  }
}
