// POST /sign: signs one message, or one webhook. Requests of `items` are signed here, too.
import type * as z from 'zod/mini'
import {
  type SignResponse,
  signRequest,
  type WebhookResponse,
  webhookRequest,
} from '../../runtime/contract.ts'
import type { AppContext } from '../../runtime/http/http-app.ts'
import { readJson } from '../../runtime/json/json-body.ts'
import { acceptKeyId } from '../../runtime/previous-version.ts'
import type { Outcome } from '../audit-lines.ts'
import { answer } from '../audited.ts'
import { decodeMessage } from '../message.ts'
import type { Signed, Signing, SigningDeps } from '../signing.ts'

export type SignRequest = z.output<typeof signRequest> | z.output<typeof webhookRequest>

const messageForm = acceptKeyId(signRequest)

/** Returns true if `value` is an object with this field. The forms of a body differ by one. */
export function hasField(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
}

/**
 * Makes the handler. It answers SignResponse or WebhookResponse. It throws AppError if `admit` refuses the caller, the request is
 * invalid, or as Signing does.
 */
export function createSignHandler({ signing, admit }: SigningDeps) {
  const chooseForm = (value: unknown) => (hasField(value, 'body') ? webhookRequest : messageForm)
  return async function sign(c: AppContext): Promise<Response> {
    const request = await readJson(c, chooseForm, { checkBody: admit(c) })
    const { response, outcomes } = signOne(signing, request)
    return answer(c, response, ...outcomes)
  }
}

/** Returns the answer, and what each key signed. Throws AppError if the message is malformed, or as Signing does. */
export function signOne(
  { signMessages, signWebhook }: Signing,
  request: SignRequest,
): { response: SignResponse | WebhookResponse; outcomes: Outcome[] } {
  if ('body' in request) {
    const body = decodeMessage(request.body, request.encoding, 'body')
    const { headers, signed } = signWebhook({ ...request, body })
    const outcomes = signed.map((each) => describeSigned(each, request.consumer))
    return { response: { headers, key_ids: signed.map(({ keyId }) => keyId) }, outcomes }
  }
  const message = decodeMessage(request.message, request.encoding)
  const signed = signMessages(request.key_id, [message])
  const [{ signature } = { signature: '' }] = signed.made
  const response = { signature, key_id: signed.keyId, algorithm: 'HMAC-SHA256' } as const
  return { response, outcomes: [describeSigned(signed)] }
}

export function describeSigned({ keyId, made }: Signed, consumer?: string): Outcome {
  return {
    ...{ outcome: 'signed', count: made.length, key_id: keyId },
    fingerprints: made.map(({ fingerprint }) => fingerprint),
    ...(consumer !== undefined && { consumers: made.map(() => consumer) }),
  }
}
