// secure-signing-client: what a Node application needs to call the signer.
import { createCallerToken } from './caller-token.ts'
import { createCollecting } from './collecting.ts'
import { createDispatcher, type Dispatcher } from './dispatcher.ts'
import type { Answer } from './http-client.ts'
import { createPairing } from './pairing.ts'
import { readSettings } from './settings.ts'
import type { WebhookHeaders } from './signed-answer.ts'
import { createSignedRequest, type SendSigned, type SignerRequest } from './signed-request.ts'
import { SignerError, type SignerErrorCode } from './signer-error.ts'
import { createSignWebhook, type SignWebhook, type WebhookOptions } from './webhook.ts'

export {
  type Answer,
  type Dispatcher,
  type SendSigned,
  SignerError,
  type SignerErrorCode,
  type SignerRequest,
  type SignWebhook,
  type WebhookHeaders,
  type WebhookOptions,
}

export type SignerOptions = {
  /** Where the three settings are. The default is process.env. */
  environment?: Record<string, string | undefined>
  /** The deadline of a request: waiting, the call, and a second attempt. The default is 900. */
  timeoutMs?: number
}

/** Where applications call the signer, wherever SIGNER_URL says that it is. */
const USUAL_ORIGIN = 'http://localhost:8081'
/** Less than a second, so that an application can answer within a second. */
const TIMEOUT_MS = 900

/**
 * Makes the plug-in of fetch: `fetch('http://localhost:8081/sign', { dispatcher: signer(), … })`. Make it once, because it keeps
 * connections. Throws SignerError settings_invalid. A fetch that fails rejects with TypeError, whose `cause` is a SignerError.
 */
export function signer(options: SignerOptions = {}): Dispatcher {
  const { send, url } = connect(options)
  const origins = url.startsWith('http:') ? [USUAL_ORIGIN, new URL(url).origin] : [USUAL_ORIGIN]
  return createDispatcher(send, origins)
}

/** Makes the same without fetch: a function that sends a request, and rejects with SignerError. Throws as `signer` does. */
export function createSignerClient(options: SignerOptions = {}): SendSigned {
  const { send } = connect(options)
  return (request) => send(request)
}

/**
 * Makes the function that has webhooks signed, and returns the headers to send. With `client`, webhooks share its calls, and
 * the other options do not count. Throws as `signer` does.
 */
export function createWebhookSigner(
  options: SignerOptions & { client?: SendSigned } = {},
): SignWebhook {
  return createSignWebhook(options.client ?? createSignerClient(options))
}

function connect({ environment = process.env, timeoutMs = TIMEOUT_MS }: SignerOptions) {
  const { url, target, tokenFile, secretFile } = readSettings(environment)
  const callerToken = tokenFile === undefined ? undefined : createCallerToken(tokenFile)
  const pairing = secretFile === undefined ? undefined : createPairing(secretFile)
  const send = createSignedRequest({ target, callerToken, pairing })
  return { send: createCollecting({ send, path: target.path, timeoutMs }), url }
}
