// The signer's routes: summary, schema of the request, and an example.
import * as z from 'zod/mini'
import { signBatchRequest, signItem, signRequest, verifyRequest } from '../../runtime/contract.ts'

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
    summary: 'Signs a message with the requested key, by default the primary key.',
    schema: signRequest,
    body: { message },
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
      'Signs requests of several callers in one call. `items` is a list of 1 to 1000 requests. Each has the fields of `/sign`, and its ids. The results have the order of the items. Each is the answer of `/sign` with the id of its request, or a [problem](#errors). An item that cannot be signed fails alone. The whole call fails if an item is no object, or has no valid id of its own.',
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
    method: 'GET',
    path: '/keys',
    summary: 'Lists the ids of the keys. One key is `primary`, the others are `active`.',
  },
]
