// The one place where messages are signed. What no signature may skip is checked here: the form of the key, the freeze and the limits.
import type { KeyObject } from 'node:crypto'
import type { WebhookRequest } from '../runtime/contract.ts'
import type { RequireThawed } from './freeze.ts'
import { type Message, type SignedMessage, signMessage } from './hmac.ts'
import type { GetKeyRing } from './keys/key-holder.ts'
import { chooseKeys, type Key } from './keys/key-ring.ts'
import type { Limit } from './limits.ts'
import { listConsumerKeys, prepareWebhook } from './webhook.ts'

/** What one key signed, in the order of the messages. */
export type Signed = { keyId: string; made: readonly SignedMessage[] }

export type Signing = ReturnType<typeof createSigning>

/**
 * Makes the two functions that sign. Both sign all or nothing, and throw AppError frozen, key_unavailable, rate_limited, or
 * invalid_request for an unknown key. `now` returns milliseconds since 1970.
 */
export function createSigning(
  getKeyRing: GetKeyRing,
  requireThawed: RequireThawed,
  spend: Limit['spend'],
  now: () => number = Date.now,
) {
  function signBy(keyId: string, keys: readonly KeyObject[], messages: readonly Message[]): Signed {
    spend(keyId, keys.length * messages.length)
    return { keyId, made: keys.flatMap((key) => messages.map((each) => signMessage(key, each))) }
  }

  function signMessages(keyId: string | undefined, messages: readonly Message[]): Signed {
    requireThawed()
    const { id, material } = chooseKeys(getKeyRing(), 'raw', keyId)[0] as Key
    return signBy(id, [material], messages)
  }

  /** Signs `body` by each webhook key, or by the requested one. Also throws AppError ambiguous_body. */
  function signWebhook(request: Omit<WebhookRequest, 'body' | 'encoding'>, body: Message) {
    requireThawed()
    const keys = chooseKeys(getKeyRing(), 'webhook', request.key_id)
    const { message, formatHeaders } = prepareWebhook(request.id, body, now())
    const signed = keys.map(({ id, material }) =>
      signBy(id, listConsumerKeys(material, request), [message]),
    )
    return { headers: formatHeaders(signed.flatMap(({ made }) => made)), signed }
  }

  return { signMessages, signWebhook }
}
