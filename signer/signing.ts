// The one place where messages are signed. What no signature may skip is checked here: the form of the key, the freeze and the limits.
import type { KeyObject } from 'node:crypto'
import type { WebhookHeaders } from '../runtime/contract.ts'
import type { Admit } from './caller-identity.ts'
import type { RequireThawed } from './freeze.ts'
import { type Message, type SignedMessage, signMessage } from './hmac.ts'
import type { GetKeyRing } from './keys/key-holder.ts'
import { chooseKeys, type Key } from './keys/key-ring.ts'
import type { Limit } from './limits.ts'
import {
  composeWebhook,
  formatWebhookHeaders,
  listConsumerKeys,
  makeWebhookId,
  requireUnambiguous,
} from './webhook.ts'

/** What one key signed, in the order of the messages. */
export type Signed = { keyId: string; made: readonly SignedMessage[] }
export type Webhook = {
  body: Message
  id?: string | undefined
  consumer?: string | undefined
  consumer_versions?: readonly number[] | undefined
  key_id?: string | undefined
}
/** Both sign all or nothing. They throw AppError frozen, key_unavailable, invalid_request for an unknown key, or rate_limited. */
export type Signing = {
  signMessages: (keyId: string | undefined, messages: readonly Message[]) => Signed
  /** Signs by each webhook key, or by the one with `key_id`. Also throws AppError ambiguous_body. */
  signWebhook: (webhook: Webhook) => { headers: WebhookHeaders; signed: readonly Signed[] }
}

export type SigningDeps = { admit: Admit; signing: Signing }
export type VerifyingDeps = {
  admit: Admit
  getKeyRing: GetKeyRing
  /** Throws AppError rate_limited. */
  spendVerification: () => void
  /** Milliseconds since 1970. */
  now?: () => number
}

/** Makes the functions. `now` returns milliseconds since 1970. */
export function createSigning(
  getKeyRing: GetKeyRing,
  requireThawed: RequireThawed,
  spend: Limit['spend'],
  now: () => number = Date.now,
): Signing {
  function signBy(
    { id, material }: Key,
    messages: readonly Message[],
    keys: readonly KeyObject[] = [material],
  ): Signed {
    spend(id, keys.length * messages.length)
    return {
      keyId: id,
      made: keys.flatMap((key) => messages.map((each) => signMessage(key, each))),
    }
  }

  return {
    signMessages: (keyId, messages) => {
      requireThawed()
      const [key] = chooseKeys(getKeyRing(), 'raw', keyId)
      return signBy(key as Key, messages)
    },
    signWebhook: ({
      body,
      id = makeWebhookId(),
      consumer,
      consumer_versions: versions,
      key_id,
    }) => {
      requireThawed()
      const keys = chooseKeys(getKeyRing(), 'webhook', key_id)
      const seconds = Math.floor(now() / 1_000)
      requireUnambiguous(body, seconds)
      const messages = [composeWebhook(id, seconds, body)]
      const signed = keys.map((key) =>
        signBy(key, messages, listConsumerKeys(key.material, consumer, versions)),
      )
      const signatures = signed.flatMap(({ made }) => made.map(({ signature }) => signature))
      return { headers: formatWebhookHeaders(id, seconds, signatures), signed }
    },
  }
}
