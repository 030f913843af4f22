// The bodies of the requests that the matrix sends to the signer, for keys of each form.
import type { RequestId } from './declared-table.ts'

type Body = Exclude<RequestId, 'application'>

export type ComposeBodies = (requestId: string) => Readonly<Record<Body, string>>

const none = { keys: '', metrics: '', readyz: '' }
const message = 'matrix'
const body = '{"type":"matrix"}'

/** Every signer gets these first. */
export const rawBodies = {
  ...none,
  sign: JSON.stringify({ message }),
  batch: JSON.stringify({ messages: [message] }),
  verify: JSON.stringify({ message, signature: '0'.repeat(64) }),
} as const satisfies Record<Body, string>

/** For a signer without raw keys. Its audit log names the items of a batch by their own ids. */
export function composeWebhookBodies(requestId: string): Record<Body, string> {
  const headers = {
    'webhook-id': 'msg_matrix',
    'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
    'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
  }
  return {
    ...none,
    sign: JSON.stringify({ body }),
    batch: JSON.stringify({ items: [{ request_id: requestId, body }] }),
    verify: JSON.stringify({ body, headers }),
  }
}
