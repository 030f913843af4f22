// The one place where messages are signed. What no signature may skip is checked here: the form of the key, the freeze and the limits.
import type { WebhookRequest } from '../runtime/contract.ts'
import { AppError } from '../runtime/errors.ts'
import type { Outcome } from './audit-lines.ts'
import type { RequireThawed } from './freeze.ts'
import { type Message, signMessage } from './hmac.ts'
import type { GetKeyRing } from './keys/key-holder.ts'
import { chooseKeys, type Key } from './keys/key-ring.ts'
import type { Spend } from './limits.ts'
import { type ConsumerKeys, listConsumerKeys, prepareWebhook } from './webhook.ts'

/** The most signatures of a webhook, which has one for each key and version. */
const MAX_SIGNATURES = 16
const tooMany = 'key_id: must name one, because there are many webhook keys'

/** What one key signed. Signatures are in hex, in the order of the messages. */
export type Signed = { keyId: string; signatures: string[]; outcome: Outcome }

export type Signing = ReturnType<typeof createSigning>

/**
 * Makes the two functions that sign. Both sign all or nothing, and throw AppError frozen, key_unavailable, rate_limited, or
 * invalid_request for an unknown key.
 */
export function createSigning(getKeyRing: GetKeyRing, requireThawed: RequireThawed, spend: Spend) {
  function signBy(key: Key, messages: readonly Message[], request: ConsumerKeys = {}): Signed {
    const keys = listConsumerKeys(key.material, request)
    spend(key.id, keys.length * messages.length)
    const made = keys.flatMap((each) => messages.map((message) => signMessage(each, message)))
    const outcome: Outcome = {
      ...{ outcome: 'signed', count: made.length, key_id: key.id },
      fingerprints: made.map(({ fingerprint }) => fingerprint),
    }
    const { consumer } = request
    if (consumer !== undefined) outcome.consumers = made.map(() => consumer)
    return { keyId: key.id, signatures: made.map(({ signature }) => signature), outcome }
  }

  function signMessages(keyId: string | undefined, messages: readonly Message[]): Signed {
    requireThawed()
    return signBy(chooseKeys(getKeyRing(), 'raw', keyId)[0] as Key, messages)
  }

  /** Signs `body` by each webhook key, or by the requested one. Also throws AppError ambiguous_body. */
  function signWebhook(request: Omit<WebhookRequest, 'body' | 'encoding'>, body: Message) {
    requireThawed()
    const keys = chooseKeys(getKeyRing(), 'webhook', request.key_id)
    const count = keys.length * (request.consumer_versions?.length ?? 1)
    if (count > MAX_SIGNATURES) throw new AppError('invalid_request', tooMany, { field: 'key_id' })
    const { message, formatHeaders } = prepareWebhook(body, Date.now(), request.id)
    const signed = keys.map((key) => signBy(key, [message], request))
    return { headers: formatHeaders(signed.flatMap(({ signatures }) => signatures)), signed }
  }

  return { signMessages, signWebhook }
}
