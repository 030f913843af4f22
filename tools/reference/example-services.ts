// Both services with the public key of RFC 4231, test case 1. They answer the examples of docs/api.md.
import { createSecretKey } from 'node:crypto'
import { createApp as createFrontend } from '../../frontend/app.ts'
import type { App } from '../../runtime/http/http-app.ts'
import { createMetrics } from '../../runtime/metrics.ts'
import { JSON_CASE_HEADER, SNAKE_CASE } from '../../runtime/previous-version.ts'
import { createApp as createSigner } from '../../signer/app.ts'
import { signMessage } from '../../signer/hmac.ts'
import { createSigning } from '../../signer/signing.ts'

/** The secret in the documentation of Standard Webhooks. */
const webhookKey = {
  id: 'webhook-1',
  material: createSecretKey(Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64')),
}
/** When the examples are signed, in seconds. */
export const exampleTime = 1_764_445_000
const key = { id: 'key-1', material: createSecretKey(Buffer.alloc(20, 0x0b)) }
const getKeyRing = () => ({ raw: [key], webhook: [webhookKey] })
const shared = { log: () => {}, isDraining: () => false, maxRequests: 16 }

export function makeSigner(): App {
  return createSigner({
    ...shared,
    metrics: createMetrics(),
    peer: 'proxy',
    getKeyRing,
    signing: createSigning(
      getKeyRing,
      () => {},
      () => {},
    ),
    spendVerification: () => {},
    admit: () => () => {},
    auditLog: { record: async () => {}, requireWritable: () => {} },
  })
}

export function makeFrontend(): App {
  return createFrontend({
    ...shared,
    metrics: createMetrics(),
    requireSigner: () => {},
    askSigner: async (message) => ({
      signature: signMessage(key.material, message).signature,
      key_id: key.id,
      algorithm: 'HMAC-SHA256',
    }),
  })
}

export type ExampleRequest = { method: string; path: string; body?: object }

/** Sends a request to `app`. Returns the status and the body of the answer. */
export async function askExample(app: App, { method, path, body }: ExampleRequest) {
  const headers = {
    'content-type': 'application/json',
    'x-request-id': 'example',
    [JSON_CASE_HEADER]: SNAKE_CASE,
  }
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) }
  const realNow = Date.now
  Date.now = () => exampleTime * 1_000
  try {
    const response = await app.request(path, init)
    return { status: response.status, text: await response.text() }
  } finally {
    Date.now = realNow
  }
}

/** Lists the routes of `app`, for example "POST /sign", in its order. */
export function listRoutes({ routes }: App): string[] {
  return routes
    .filter(({ method }) => method !== 'ALL')
    .map((each) => `${each.method} ${each.path}`)
}
