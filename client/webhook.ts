// Has webhooks signed in the form of Standard Webhooks, with a key for each consumer.
import { isUtf8 } from 'node:buffer'
import { types } from 'node:util'
import type { Answer } from './http-client.ts'
import { explainRefusal } from './refusal.ts'
import { isSignedWebhook, parseAnswer, type WebhookHeaders } from './signed-answer.ts'
import type { SendSigned } from './signed-request.ts'
import { SignerError } from './signer-error.ts'

export type WebhookOptions = {
  /** Whose key signs. Without it the webhook key itself does. */
  consumer?: string | undefined
  /** The same for each attempt to deliver an event. By default the signer makes one. It has no dot. */
  id?: string | undefined
  /** The versions of the consumer's key: two while the consumer changes its secret. The default is [1]. */
  consumerVersions?: readonly number[] | undefined
  /** Only this key signs. By default each active webhook key does. */
  keyId?: string | undefined
  /** For the signer's audit log. */
  requestId?: string | undefined
  /** W3C Trace Context. */
  traceparent?: string | undefined
}
/** Rejects with SignerError. */
export type SignWebhook = (
  body: string | Uint8Array,
  options?: WebhookOptions,
) => Promise<WebhookHeaders>

/** Makes the function. */
export function createSignWebhook(send: SendSigned): SignWebhook {
  return async (body, options = {}) => {
    const { consumer, id, consumerVersions, keyId, requestId, traceparent, ...others } = options
    const [unknown] = Object.keys(others)
    // It may be a misspelt one, without which another key would sign.
    if (unknown !== undefined) throw invalid(`${unknown}: unknown option`)
    const named = { id, consumer, consumer_versions: consumerVersions, key_id: keyId }
    const headers = {
      'content-type': 'application/json',
      ...(requestId !== undefined && { 'x-request-id': requestId }),
      ...(traceparent !== undefined && { traceparent }),
    }
    const json = Buffer.from(JSON.stringify({ ...readBody(body), ...named }))
    return readHeaders(await send({ method: 'POST', headers, body: json }), id)
  }
}

/** Text has one UTF-8 encoding. Other bytes travel in base64. */
function readBody(body: string | Uint8Array) {
  if (typeof body === 'string') {
    if (body.isWellFormed()) return { body }
    throw invalid('body: must be well-formed Unicode, without lone surrogates')
  }
  if (!types.isUint8Array(body)) {
    throw invalid('body: must be the text or the bytes that you send, as of JSON.stringify(event)')
  }
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  if (isUtf8(bytes)) return { body: bytes.toString('utf8') }
  return { body: bytes.toString('base64'), encoding: 'base64' }
}

function readHeaders(answer: Answer, id: string | undefined): WebhookHeaders {
  const value = parseAnswer(answer.body)
  if (answer.status !== 200) throw explainRefusal(answer, value)
  if (!isSignedWebhook(value, id)) {
    throw new SignerError('signer_unavailable', 'the signer sent an invalid answer')
  }
  const { headers } = value
  return {
    'webhook-id': headers['webhook-id'],
    'webhook-timestamp': headers['webhook-timestamp'],
    'webhook-signature': headers['webhook-signature'],
  }
}

function invalid(what: string): SignerError {
  return new SignerError('request_invalid', what)
}
