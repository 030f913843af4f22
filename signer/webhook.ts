// Standard Webhooks (https://www.standardwebhooks.com): the signed string is `id.timestamp.body`, with the signer's own clock. So what a
// compromised frontend had signed ends with the tolerance of the receivers.
import { type KeyObject, randomUUID } from 'node:crypto'
import type { WebhookHeaders, WebhookRequest } from '../runtime/contract.ts'
import { AppError } from '../runtime/errors.ts'
import { deriveKey, type MacKey, type Message } from './hmac.ts'

/** How far a receiver's clock may be from the timestamp, in seconds. All libraries of the standard have this. */
export const TOLERANCE = 300
/** The end of the last year that RFC 3339 can write. */
const LAST_SECOND = 253_402_300_799
/** The end of 32 bits, in the year 2106. */
const LAST_SECOND_OF_32_BITS = 0xff_ff_ff_ff

export type ConsumerKeys = Pick<WebhookRequest, 'consumer' | 'consumer_versions'>

/** Returns the signed string. `seconds` is since 1970. */
export function composeWebhook(id: string, seconds: string, body: Message): Message {
  const head = `${id}.${seconds}.`
  return typeof body === 'string' ? head + body : Buffer.concat([Buffer.from(head), body])
}

/** Returns the signed string at `now` (milliseconds since 1970), and what makes the headers of signatures in hex. Throws AppError ambiguous_body. */
export function prepareWebhook(body: Message, now: number, id = `msg_${randomUUID()}`) {
  const seconds = Math.floor(now / 1_000)
  requireUnambiguous(body, seconds)
  const formatHeaders = (signatures: readonly string[]): WebhookHeaders => ({
    'webhook-id': id,
    'webhook-timestamp': `${seconds}`,
    'webhook-signature': signatures
      .map((hex) => `v1,${Buffer.from(hex, 'hex').toString('base64')}`)
      .join(' '),
  })
  return { message: composeWebhook(id, `${seconds}`, body), formatHeaders }
}

/**
 * Returns the keys of a consumer, one for each version. Without a consumer it is the key itself. Throws AppError invalid_request for
 * versions without a consumer.
 */
export function listConsumerKeys(
  key: KeyObject,
  { consumer, consumer_versions: versions }: ConsumerKeys,
): readonly MacKey[] {
  const field = 'consumer_versions'
  if (consumer !== undefined) {
    const list = (versions ?? [1]).map((version) => `webhook-consumer:${version}:${consumer}`)
    return list.map((info) => deriveKey(key, info))
  }
  if (versions === undefined) return [key]
  throw new AppError('invalid_request', `${field}: needs a consumer`, { field })
}

// A signed string can be cut at every dot: the libraries check no id, so a part of the body becomes the timestamp. A body is refused if
// such a part is a time that receivers still accept. They read it by parseInt, parseFloat, int() and the like, and skip
// white space of any alphabet. Both patterns match at every part, and take time in proportion to the text.
const decimals = /(?<![^.])(?=([^!-~]*\+?(?:0d)?(\d[\d_]{9,}))([^!-~]*\.)?)/giu
const otherNumbers = /(?<![^.])(?=([^!-~]*\+?(0[xob][\da-f_]+|[\d_]*(?:\.[\d_]*)?e[+-]?[\d_]+)))/giu

/** Throws AppError ambiguous_body if the signed string has a second timestamp that is valid at `now` (seconds) or later. */
export function requireUnambiguous(body: Message, now: number): void {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('latin1')
  const lastDot = text.lastIndexOf('.')
  const isTime = ({ index, 1: part = '', 2: digits = '' }: RegExpExecArray, last: number) => {
    const seconds = Number(digits.replaceAll('_', ''))
    return index + part.length <= lastDot && seconds >= now - 2 * TOLERANCE && seconds <= last
  }
  // A number with other text behind it is most often a part of a fraction. Few receivers take it, and no key lives so long.
  const lastOf = ({ 3: end }: RegExpExecArray) => (end ? LAST_SECOND : LAST_SECOND_OF_32_BITS)
  const isAmbiguous =
    lastDot >= 0 &&
    (text.matchAll(decimals).some((found) => isTime(found, lastOf(found))) ||
      text.matchAll(otherNumbers).some((found) => isTime(found, LAST_SECOND)))
  if (!isAmbiguous) return
  const detail = 'body: a number between dots could be taken for the time'
  throw new AppError('ambiguous_body', detail, { field: 'body' })
}
