// What the signer's routes are for, and what is sent to each: its schema, and for an example.
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
/** Of RFC 4231's first test case. */
const signature = 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'

/** Those that tell of keys or use them. */
export const signerRoutes: readonly SignerRoute[] = [
  {
    method: 'POST',
    path: '/sign',
    summary: 'The signature of a message, by the key that is asked for or else by the primary one.',
    schema: signRequest,
    body: { message },
  },
  {
    method: 'POST',
    path: '/sign/batch',
    summary: 'The signatures of many messages, in their order and by one key; all of them or none.',
    schema: signBatchRequest,
    body: { messages: [message, 'what do ya want for nothing?'] },
  },
  {
    method: 'POST',
    path: '/verify',
    summary:
      'Whether a signature is by the key that is asked for, or else by any. A wrong one is an answer, no error: `{"valid":false}`.',
    schema: verifyRequest,
    body: { message, signature },
  },
  {
    method: 'GET',
    path: '/keys',
    summary:
      'The keys that are held, by their ids; one is `primary`, the others `active`. Never their bytes.',
  },
]
