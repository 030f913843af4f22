// The signer's routes: summary, schema of the request, and an example.
import * as z from 'zod/mini'
import {
  signBatchRequest,
  signItem,
  signRequest,
  verifyRequest,
  verifyWebhookRequest,
  webhookRequest,
} from '../../runtime/contract.ts'
import { exampleTime } from './example-services.ts'

export type SignerRoute = {
  method: 'GET' | 'POST'
  path: string
  /** Which form of the body, if the route has several. */
  form?: string
  summary: string
  /** What the table of fields describes. */
  owner?: string
  schema?: z.ZodMiniType
  body?: object
}

const message = 'Hi There'
const signature = 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'

/** The routes that use or list keys. */
export const signerRoutes: readonly SignerRoute[] = [
  {
    method: 'POST',
    path: '/sign',
    summary: 'Signs a message with the requested raw key, by default the primary one.',
    schema: signRequest,
    body: { message },
  },
  {
    method: 'POST',
    path: '/sign',
    form: 'a body',
    summary:
      'Signs a webhook by the rules of [Standard Webhooks](https://www.standardwebhooks.com), with the clock of the signer. The answer has the headers to send. There is a signature for each webhook key and version of the consumer, with the primary key first. [Sign webhooks](webhooks.md) explains it.',
    schema: webhookRequest,
    body: { body: '{"type":"order.paid"}', id: 'msg_order-17', consumer: 'acme' },
  },
  {
    method: 'POST',
    path: '/sign/batch',
    summary:
      'Signs many messages with one key, all or none. The signatures have the order of the messages.',
    schema: signBatchRequest,
    body: { messages: [message, 'what do ya want for nothing?'] },
  },
  {
    method: 'POST',
    path: '/sign/batch',
    form: 'items',
    summary:
      'Signs requests of several callers in one call. `items` is a list of 1 to 1000 requests. Each has the fields of a form of `/sign`, and its ids. The results have the order of the items. Each is the answer of `/sign` with the id of its request, or a [problem](#errors). An item that cannot be signed fails alone. The whole call fails if an item is no object, or has no valid id of its own.',
    owner: 'item',
    schema: z.pick(signItem, { request_id: true, trace_id: true }),
    body: {
      items: [
        { request_id: 'order-17', message },
        { request_id: 'order-18', message: 'SGkgVGhlcmU=', encoding: 'base64', key_id: 'key-1' },
        { request_id: 'order-19', message, key_id: 'key-9' },
      ],
    },
  },
  {
    method: 'POST',
    path: '/verify',
    summary:
      'Verifies a signature with the requested key, by default with any key. A wrong signature is not an error: the answer is `{"valid":false}`.',
    schema: verifyRequest,
    body: { message, signature },
  },
  {
    method: 'POST',
    path: '/verify',
    form: 'a body',
    summary:
      'Verifies a webhook as a receiver does, with a tolerance of 300 seconds. The requested key counts, by default any webhook key.',
    schema: verifyWebhookRequest,
    body: {
      body: '{"type":"order.paid"}',
      headers: {
        'webhook-id': 'msg_order-17',
        'webhook-timestamp': String(exampleTime),
        'webhook-signature': 'v1,TatUtBaFW6yV2hhxWtelJWLIM4UY89lGUAYs6jkiPqc=',
      },
      consumer: 'acme',
    },
  },
  {
    method: 'GET',
    path: '/keys',
    summary:
      'Lists the ids of the keys. One key of each form is `primary`, the others are `active`.',
  },
]
