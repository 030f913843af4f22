// Sends a request with the caller token and the pairing signature, and once more with others if the first are refused.
import type { OutgoingHttpHeaders } from 'node:http'
import type { CallerToken } from './caller-token.ts'
import { type Answer, createSend } from './http-client.ts'
import type { Pairing, Proof } from './pairing.ts'
import type { SignerTarget } from './settings.ts'

/** The header of the caller token. The signer's proxy verifies and removes it. mesh/signer-authenticate-caller.yaml names it, too. */
export const CALLER_TOKEN_HEADER = 'caller-token'
/** Asks for `key_id` in the answer. Without it the signer answers as version 0.1.0 did. */
const jsonCase = { 'x-json-case': 'snake' }

export type SignedRequestOptions = {
  target: SignerTarget
  /** Undefined over a socket, where no mesh checks a token. */
  callerToken: CallerToken | undefined
  /** Undefined if the signer is in another Pod. */
  pairing: Pairing | undefined
}

/** The names of `headers` are in lower case. `path` is the one of SIGNER_URL by default. */
export type SignerRequest = {
  method: string
  path?: string
  headers?: OutgoingHttpHeaders
  body: Uint8Array
}
/** Resolves for every status. Rejects with SignerError. */
export type SendSigned = (request: SignerRequest) => Promise<Answer>
/** Does the same until `signal` aborts it: connection, answer and a second attempt. */
export type SendUntil = (
  request: SignerRequest & { maxAnswerBytes?: number },
  signal: AbortSignal,
) => Promise<Answer>

type Credentials = { token: string | undefined; proof: Proof | undefined }

/** Makes the function that sends a request. */
export function createSignedRequest(options: SignedRequestOptions): SendUntil {
  const { target, callerToken, pairing } = options
  const send = createSend(target.connect)
  return async ({ method, path = target.path, headers, ...others }, signal) => {
    const request = { method, path, ...others }
    const prepare = () => ({ token: callerToken?.read(), proof: pairing?.sign(request) })
    const attempt = ({ token, proof }: Credentials) => {
      const own = { ...(token && { [CALLER_TOKEN_HEADER]: token }), ...proof?.headers }
      return send({ ...request, headers: { ...headers, ...jsonCase, ...own } }, signal)
    }
    // A refused request was not signed, so it can be sent again: once, with other credentials.
    const hasOthers = ({ token, proof }: Credentials, { status }: Answer) =>
      (status === 401 && token !== undefined && callerToken?.refuse(token)) ||
      // After a restart the signer has a new secret.
      (status === 403 && pairing?.renew(proof?.secret))
    const credentials = prepare()
    const answer = await attempt(credentials)
    return hasOthers(credentials, answer) ? attempt(prepare()) : answer
  }
}

/** Gives each request a deadline of its own. */
export function withDeadline(send: SendUntil, timeoutMs: number): SendSigned {
  return async (request) => {
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(), timeoutMs)
    try {
      return await send(request, deadline.signal)
    } finally {
      clearTimeout(timer)
    }
  }
}
