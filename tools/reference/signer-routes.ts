// The signer's routes: summary, schema of the request, and an example.
import type * as z from 'zod/mini'
import { signBatchRequest, signRequest, verifyRequest } from '../../runtime/contract.ts'

export type SignerRoute = {
  method: 'GET' | 'POST'
  path: string
  summary: string
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
