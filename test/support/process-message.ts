// Sends a message to our own application through the gateway.
import { type Smoke, sendSmoke } from '../../tools/deploy/smoke/send-smoke.ts'
import type { GatewayUrl } from '../../tools/kube/gateway-url.ts'

export function composeSmoke(message: string): Smoke {
  return {
    request: { method: 'POST', path: '/process', body: { message } },
    answer: { signature: '/signature', keyId: '/key_id', message: '/processed_message' },
  }
}

export function processMessage(
  gatewayUrl: GatewayUrl,
  message: string,
  options: { waitMs: number; ca: string | undefined },
) {
  return sendSmoke(gatewayUrl, composeSmoke(message), options)
}
