// POST /sign: signs one message, or one webhook. Requests of `items` are signed here, too.
import {
  type SignAnswer,
  type SignRequest,
  signRequest,
  webhookRequest,
} from '../../runtime/contract.ts'
import type { AppContext } from '../../runtime/http/http-app.ts'
import { readJson } from '../../runtime/json/json-body.ts'
import { acceptKeyId } from '../../runtime/previous-version.ts'
import type { Outcome } from '../audit-lines.ts'
import { answer } from '../audited.ts'
import { decodeMessage, hasField } from '../message.ts'
import type { Signing } from '../signing.ts'
import type { EndpointDeps } from './endpoint-deps.ts'

type Done = { response: SignAnswer; outcomes: Outcome[] }

const messageForm = acceptKeyId(signRequest)

/**
 * Makes the handler. It answers SignResponse or WebhookResponse. It throws AppError if `admit` refuses the caller, the request is
 * invalid, or as Signing does.
 */
export function createSignHandler({ signing, admit }: EndpointDeps) {
  const chooseForm = (value: unknown) => (hasField(value, 'body') ? webhookRequest : messageForm)
  return async function sign(c: AppContext): Promise<Response> {
    const request = await readJson(c, chooseForm, { checkBody: admit(c) })
    const { response, outcomes } = signOne(signing, request)
    return answer(c, response, ...outcomes)
  }
}

/** Returns the answer, and what each key signed. Throws AppError if the message is malformed, or as Signing does. */
export function signOne(signing: Signing, request: SignRequest): Done {
  if ('body' in request) {
    const body = decodeMessage(request.body, request.encoding, 'body')
    const { headers, signed } = signing.signWebhook(request, body)
    const response = { headers, key_ids: signed.map(({ keyId }) => keyId) }
    return { response, outcomes: signed.map(({ outcome }) => outcome) }
  }
  const message = decodeMessage(request.message, request.encoding)
  const { keyId, signatures, outcome } = signing.signMessages(request.key_id, [message])
  const [signature = ''] = signatures
  const response = { signature, key_id: keyId, algorithm: 'HMAC-SHA256' } as const
  return { response, outcomes: [outcome] }
}
