// Every form in which a caller can ask for a raw signature by a webhook key, and for the key of a consumer.
import { createHmac } from 'node:crypto'
import type { Asked } from './frontend/frontend.ts'
import { listNotations } from './notations.ts'
import { deriveKey } from './receivers.ts'

const message = 'x.1900000000.{"raw":true}'
const base64 = Buffer.from(message).toString('base64')

/** Requests for raw signatures by the key with this id. */
export function listRawForms(id: string): Asked[] {
  const json = JSON.stringify({ message, key_id: id })
  const bodies: Record<string, unknown[]> = {
    '/sign': [
      { message, key_id: id },
      { message: base64, encoding: 'base64', key_id: id },
      { message, keyId: id },
      { message, body: message, key_id: id },
      { message, form: 'raw', key_id: id },
      { message, consumer: 'acme', key_id: id },
      { message, key_id: [id] },
      { message, key_id: { id } },
      `{"message":${JSON.stringify(message)},"key_id":"key-1","key_id":"${id}"}`,
      `{"message":${JSON.stringify(message)},"__proto__":{"key_id":"${id}"}}`,
      `${json}${json}`,
      // What the signer signs has its own id and time before it. None of these may leave them out.
      { body: message, id: '', key_id: id },
      { body: message, id: 'x.1900000000', key_id: id },
      { body: message, timestamp: 1_900_000_000, key_id: id },
      { body: message, headers: { 'webhook-timestamp': '1900000000' }, key_id: id },
      { body: [message], key_id: id },
    ],
    '/sign/batch': [
      { messages: [message], key_id: id },
      { messages: [base64], encoding: 'base64', key_id: id },
      { messages: [message], keyId: id },
      { bodies: [message], key_id: id },
      { messages: [message], items: [{ request_id: 'a', message, key_id: id }], key_id: id },
      { items: [{ request_id: 'a', message, key_id: id }] },
      { items: [{ request_id: 'a', message: base64, encoding: 'base64', key_id: id }] },
      { items: [{ request_id: 'a', message, keyId: id }] },
      { items: [{ request_id: 'a', message, body: message, key_id: id }] },
    ],
    '/verify': [
      { message, signature: '0'.repeat(64), key_id: id },
      { message, body: message, signature: '0'.repeat(64), key_id: id },
    ],
  }
  return Object.entries(bodies).flatMap(([path, list]) => list.map((body) => ({ path, body })))
}

/** Lists what a raw signature by `key` over that message would be, in each notation. */
export function listRawSignatures(key: Uint8Array): string[] {
  return listNotations(createHmac('sha256', key).update(message).digest())
}

/**
 * Requests whose signature would be the key of a consumer, or help to compute it, if the derivation were less than HKDF: its
 * input, its output, and names of consumers that could be taken for others.
 */
export function listDerivationForms(id: string, rawId: string): Asked[] {
  const infos = ['webhook-consumer:1:acme', 'webhook-consumer:2:acme', 'acme', '1:acme', '']
  const inputs = infos.flatMap((info) => [info, `${info}\u0001`, `${info}\u0000\u0001`])
  const texts = inputs.flatMap((text) => [
    { text, encoding: 'utf8' },
    { text: Buffer.from(text).toString('base64'), encoding: 'base64' },
  ])
  const consumers = ['acme', '2:acme', '1:acme', ':acme', 'webhook-consumer:1:acme', 'acme=', '=']
  const bodies = [
    ...texts.flatMap(({ text, encoding }) => [
      { message: text, encoding, key_id: rawId },
      { message: text, encoding, key_id: id },
      { body: text, encoding, key_id: id },
      { body: text, encoding, consumer: 'acme', consumer_versions: [2, 1] },
    ]),
    ...inputs.map((text) => ({ body: text, id: text || 'a' })),
    ...consumers.map((consumer) => ({ body: '{}', consumer })),
    ...consumers.map((consumer) => ({ body: '{}', consumer, consumer_versions: [1, 2] })),
    ...[[0], [-1], [1.5], ['1'], [1, 1], [1, 2, 3], [], 1, null, [1_000_000_000]].map(
      (versions) => ({
        ...{ body: '{}', consumer: 'acme', consumer_versions: versions },
      }),
    ),
    ...['', 'a b', 'a\u0001', 'a\n', 'ä', 'a'.repeat(129), '\u0000'].map((consumer) => ({
      ...{ body: '{}', consumer },
    })),
  ]
  const messages = inputs.map((text) => ({ messages: [text, text], key_id: rawId }))
  const items = bodies.map((body, index) => ({ request_id: `r-${index}`, ...body }))
  return [
    ...bodies.map((body) => ({ path: '/sign', body })),
    ...messages.map((body) => ({ path: '/sign/batch', body })),
    { path: '/sign/batch', body: { items } },
    ...bodies.map((body) => ({ path: '/verify', body })),
    ...['/keys', '/metrics', '/readyz', '/keys/acme', `/keys/${id}`].map((path) => ({
      ...{ path, method: 'GET' as const },
    })),
  ]
}

/** Lists the keys of those consumers and the steps to them, in each notation. */
export function listDerivedKeys(key: Uint8Array): string[] {
  const pseudoRandom = createHmac('sha256', Buffer.alloc(32)).update(key).digest()
  const names = ['acme', '2:acme', '1:acme', ':acme', 'webhook-consumer:1:acme', 'acme=', '=', '']
  const derived = names.flatMap((name) => [1, 2].map((version) => deriveKey(key, name, version)))
  // Without Extract or Expand.
  const infos = names.flatMap((name) =>
    [1, 2].map((version) => `webhook-consumer:${version}:${name}`),
  )
  const plain = infos.flatMap((info) =>
    [info, `${info}\u0001`].map((text) => createHmac('sha256', key).update(text).digest()),
  )
  return [Buffer.from(key), pseudoRandom, ...derived, ...plain].flatMap(listNotations)
}
