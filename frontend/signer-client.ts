// Asks the signer for a signature, and says in our words why there is none.
import { MAX_BODY_BYTES, type SignResponse, signResponse } from '../runtime/contract.ts'
import { AppError } from '../runtime/errors.ts'
import type { TraceContext } from '../runtime/http/trace-context.ts'
import type { ReadToken } from './caller-token.ts'
import { type Answer, createSend } from './http-client.ts'
import type { Pairing, Proof } from './pairing.ts'
import { readTarget } from './signer-url.ts'

export type SignerClientOptions = {
  url: URL
  timeoutMs: number
  /** Undefined over a socket: there is no mesh that would ask for a token. */
  readToken: ReadToken | undefined
  pairing: Pairing
}

/**
 * Has a message signed. `trace` is passed on, and the pairing signature does not cover it: the proxy on the way may put a span
 * of its own there. Throws AppError: signer_unavailable, signer_timeout, caller_token_unavailable, pairing_unavailable, or
 * payload_too_large if the message is longer than the signer takes.
 */
export type AskSigner = (
  message: string,
  requestId: string,
  trace?: TraceContext,
) => Promise<SignResponse>

/** Makes the client. `timeoutMs` is for a call all told, waiting for a connection and a second try included. */
export function createSignerClient(options: SignerClientOptions): AskSigner {
  const { url, timeoutMs, readToken, pairing } = options
  const { connect, path } = readTarget(url)
  const send = createSend(connect)
  return async (message, requestId, trace) => {
    const body = Buffer.from(JSON.stringify({ message }))
    if (body.length > MAX_BODY_BYTES) {
      throw new AppError('payload_too_large', 'the processed message is too long to be signed')
    }
    const headers = {
      ...(readToken && { authorization: `Bearer ${readToken()}` }),
      'content-type': 'application/json',
      'x-request-id': requestId,
      ...trace?.headers,
    }
    const signal = AbortSignal.timeout(timeoutMs)
    const request = { method: 'POST', path, body } as const
    const sendWith = (proof: Proof) =>
      send({ ...request, headers: { ...headers, ...proof.headers } }, signal)
    try {
      const proof = pairing.sign(request)
      const answer = await sendWith(proof)
      // Refused may mean that the signer has a new secret since its restart. Who is refused was not signed for.
      const isOutdated = answer.status === 403 && pairing.renew(proof.secret)
      return readSignature(isOutdated ? await sendWith(pairing.sign(request)) : answer)
    } catch (error) {
      throw explainFailure(error, signal)
    }
  }
}

function readSignature({ status, body }: Answer): SignResponse {
  // 4xx too: the frontend's own request was refused, which its caller can do nothing about.
  if (status !== 200) throw new AppError('signer_unavailable', `the signer answered ${status}`)
  return signResponse.parse(JSON.parse(body))
}

/** Says in our words why there was no answer. */
export function explainFailure(error: unknown, signal: AbortSignal): AppError {
  if (error instanceof AppError) return error
  if (signal.aborted) {
    return new AppError('signer_timeout', 'the signer did not answer in time', { cause: error })
  }
  const detail =
    error instanceof Error && 'code' in error
      ? `the signer cannot be reached (${error.code})`
      : 'the signer did not answer as agreed'
  return new AppError('signer_unavailable', detail, { cause: error })
}
