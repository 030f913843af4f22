// What the signer answers when it signs: about a raw message, or about a webhook. Nobody uses one that is malformed.

export type Signed = { signature: string; key_id: string; algorithm: 'HMAC-SHA256' }
/** The headers of Standard Webhooks, to spread into those of the request that delivers the body. */
export type WebhookHeaders = {
  'webhook-id': string
  /** When the signer signed, in seconds since 1970. */
  'webhook-timestamp': string
  /** One signature or several, separated by a space. */
  'webhook-signature': string
}
export type SignedWebhook = { headers: WebhookHeaders; key_ids: string[] }

/** Returns the fields of an answer, or none if it is no JSON. The error of V8 quotes the body, so nobody sees it. */
export function parseAnswer(body: Buffer): Record<string, unknown> {
  try {
    return Object(JSON.parse(body.toString('utf8')))
  } catch {
    return {}
  }
}

const hex = /^[0-9a-f]{64}$/
const keyId = /^[A-Za-z0-9._-]{1,253}$/
/** Visible ASCII without a dot, because a dot separates what is signed. */
const webhookId = /^[!-\-/-~]{1,128}$/
const seconds = /^\d{1,12}$/
const signatures = /^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$/

/** `value`: the answer, or a result without its request id. */
export function isSigned(value: Record<string, unknown>): value is Signed {
  return (
    matches(value.signature, hex) &&
    matches(value.key_id, keyId) &&
    value.algorithm === 'HMAC-SHA256' &&
    !('headers' in value)
  )
}

/** Does the same for a webhook. `wantedId` is the id that it asked for, if any. */
export function isSignedWebhook(
  value: Record<string, unknown>,
  wantedId: string | undefined,
): value is SignedWebhook {
  const { headers, key_ids: keyIds } = value
  const {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  } = Object(headers)
  return (
    matches(id, webhookId) &&
    id === (wantedId ?? id) &&
    matches(timestamp, seconds) &&
    matches(signature, signatures) &&
    Array.isArray(keyIds) &&
    keyIds.length > 0 &&
    keyIds.every((each) => matches(each, keyId)) &&
    !('signature' in value)
  )
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value)
}
