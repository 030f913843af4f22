// Webhooks as receivers get them, and the key of each consumer as docs/wire-format.md defines it. It shares no code with the
// signer.
import { createHmac, hkdfSync } from 'node:crypto'
import type { Received } from './verifiers.ts'

export type WebhookHeaders = {
  'webhook-id': string
  'webhook-timestamp': string
  'webhook-signature': string
}

/** Writes a key as senders and receivers keep it. */
export function toSecret(key: Uint8Array): string {
  return `whsec_${Buffer.from(key).toString('base64')}`
}

/** The key of one consumer. */
export function deriveKey(key: Uint8Array, consumer: string, version = 1): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `webhook-consumer:${version}:${consumer}`, 32))
}

/** Signs as a sender without our signer does: any id, time and body. */
export function signAnything(
  key: Uint8Array,
  id: string,
  timestamp: number | string,
  body: string | Uint8Array,
): WebhookHeaders {
  const signed = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body)
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signed.digest('base64')}`,
  }
}

/** What a receiver with this key gets. `now`: its clock. */
export function receive(
  key: Uint8Array,
  headers: WebhookHeaders,
  body: string | Uint8Array,
  now?: number,
): Received {
  const text = Buffer.from(body).toString('base64')
  return { secret: toSecret(key), headers, body: text, ...(now !== undefined && { now }) }
}
