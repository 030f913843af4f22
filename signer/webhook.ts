// Standard Webhooks (https://www.standardwebhooks.com): the signed string is `id.timestamp.body`, with the signer's own clock. So what a
// compromised frontend had signed ends with the tolerance of the receivers.
import { createSecretKey, hkdfSync, type KeyObject, randomUUID } from 'node:crypto'
import type { WebhookHeaders } from '../runtime/contract.ts'
import { AppError } from '../runtime/errors.ts'
import type { Message } from './hmac.ts'

/** How far a receiver's clock may be from the timestamp, in seconds. All libraries of the standard have this. */
const TOLERANCE = 300
/** The end of the last year that RFC 3339 can write. */
const LAST_SECOND = 253_402_300_799
/** The end of 32 bits, in the year 2106. */
const LAST_SECOND_OF_32_BITS = 0xff_ff_ff_ff

export function makeWebhookId(): string {
  return `msg_${randomUUID()}`
}

/** Returns the signed string. `seconds` is since 1970. */
export function composeWebhook(id: string, seconds: number | string, body: Message): Message {
  const head = `${id}.${seconds}.`
  return typeof body === 'string' ? head + body : Buffer.concat([Buffer.from(head), body])
}

/** Returns the headers. `signatures` are in hex. */
export function formatWebhookHeaders(
  id: string,
  seconds: number,
  signatures: readonly string[],
): WebhookHeaders {
  const list = signatures.map((hex) => `v1,${Buffer.from(hex, 'hex').toString('base64')}`)
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': list.join(' '),
  }
}

/**
 * Returns the keys of a consumer, one for each version: HKDF-SHA256 (RFC 5869) without salt. Without a consumer it is the key itself.
 */
export function listConsumerKeys(
  key: KeyObject,
  consumer: string | undefined,
  versions: readonly number[] = [1],
): readonly KeyObject[] {
  if (consumer === undefined) return [key]
  return versions.map((version) => {
    const info = `webhook-consumer:${version}:${consumer}`
    return createSecretKey(Buffer.from(hkdfSync('sha256', key, '', info, 32)))
  })
}

/** Returns true if a receiver whose clock says `now` accepts the timestamp. Both are seconds. */
export function isTimely(seconds: number, now: number): boolean {
  return Math.abs(now - seconds) <= TOLERANCE
}

// A signed string can be cut at every dot: the libraries check no id, so a part of the body becomes the timestamp. A body is refused if
// such a part is a time that receivers still accept. They read it by parseInt, parseFloat, int() and the like. Both patterns begin
// behind a dot or at the beginning, and take time in proportion to the text.
const decimals = /(?<![^.])\s*\+?(\d[\d_]{9,})(?=(\s*\.)?)/g
const otherNumbers = /(?<![^.])\s*\+?(0[xob][\da-f_]+|[\d_]*(?:\.[\d_]*)?e[+-]?\d+)/gi

/** Throws AppError ambiguous_body if the signed string has a second timestamp that is valid at `now` (seconds) or later. */
export function requireUnambiguous(body: Message, now: number): void {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('latin1')
  const lastDot = text.lastIndexOf('.')
  const isTime = ({ index, 0: found, 1: digits = '' }: RegExpExecArray, last: number) => {
    const seconds = Number(digits.replaceAll('_', ''))
    return index + found.length <= lastDot && seconds >= now - 2 * TOLERANCE && seconds <= last
  }
  // A number with other text behind it is most often a part of a fraction. Few receivers take it, and no key lives so long.
  const isAmbiguous =
    text
      .matchAll(decimals)
      .some((found) => isTime(found, found[2] ? LAST_SECOND : LAST_SECOND_OF_32_BITS)) ||
    text.matchAll(otherNumbers).some((found) => isTime(found, LAST_SECOND))
  if (!isAmbiguous) return
  const detail =
    'body: a number between dots could be taken for the time: write it without a dot before or after it'
  throw new AppError('ambiguous_body', detail, { field: 'body' })
}
