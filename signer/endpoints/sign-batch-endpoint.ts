// POST /sign/batch: the signatures of many messages. The form `messages` has one key, and signs all or none. The form
// `items` has requests of several callers.
import {
  MAX_BATCH_BODY_BYTES,
  MAX_BATCH_MESSAGES,
  type SignBatchResponse,
  type SignItemsResponse,
  signBatchRequest,
  signItemsRequest,
  webhookItem,
} from '../../runtime/contract.ts'
import type { AppContext } from '../../runtime/http/http-app.ts'
import { readJson } from '../../runtime/json/json-body.ts'
import { acceptKeyId } from '../../runtime/previous-version.ts'
import { answer, answerJson } from '../audited.ts'
import { decodeMessage } from '../message.ts'
import type { SigningDeps } from '../signing.ts'
import { describeSigned, hasField } from './sign-endpoint.ts'
import { signItems } from './sign-items.ts'

const messagesForm = acceptKeyId(signBatchRequest)
/** Twice the parts of the largest batch, so that a batch that is slightly too large gets the schema's error. */
const MAX_PARTS = 2 * MAX_BATCH_MESSAGES * (Object.keys(webhookItem.shape).length + 1)

/**
 * Makes the handler. It answers SignBatchResponse, or SignItemsResponse for items. It throws like POST /sign, and names
 * the invalid message.
 */
export function createSignBatchHandler({ signing, admit }: SigningDeps) {
  const chooseForm = (value: unknown) =>
    hasField(value, 'items') ? signItemsRequest : messagesForm
  return async function signBatch(c: AppContext): Promise<Response> {
    const limits = { maxBytes: MAX_BATCH_BODY_BYTES, maxParts: MAX_PARTS }
    const request = await readJson(c, chooseForm, { ...limits, checkBody: admit(c) })
    if ('items' in request) {
      const { results, outcomes } = signItems(signing, request.items)
      const response: SignItemsResponse = { results }
      // V8's heap would not hold the text of several large answers that wait for the audit log. Bytes are outside of it.
      return answerJson(c, Buffer.from(JSON.stringify(response)), outcomes)
    }
    const { messages, encoding } = request
    const decoded = messages.map((each, index) =>
      decodeMessage(each, encoding, `messages.${index}`),
    )
    const signed = signing.signMessages(request.key_id, decoded)
    const signatures = signed.made.map(({ signature }) => signature)
    const response = { key_id: signed.keyId, algorithm: 'HMAC-SHA256', signatures } as const
    return answer(c, response satisfies SignBatchResponse, describeSigned(signed))
  }
}
