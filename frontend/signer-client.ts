// Requests signatures from the signer, and explains why there is none.
import {
  CALLER_TOKEN_HEADER,
  MAX_BODY_BYTES,
  type SignResponse,
  signResponse,
} from '../runtime/contract.ts'
import { AppError } from '../runtime/errors.ts'
import type { TraceContext } from '../runtime/http/trace-context.ts'
import { acceptKeyId, JSON_CASE_HEADER, SNAKE_CASE } from '../runtime/previous-version.ts'
import type { CallerToken } from './caller-token.ts'
import { type Answer, createSend } from './http-client.ts'
import type { Pairing, Proof } from './pairing.ts'
import { readTarget } from './signer-url.ts'

const schema = acceptKeyId(signResponse)

export type SignerClientOptions = {
  url: URL
  timeoutMs: number
  /** Undefined over a socket, where no mesh checks a token. */
  callerToken: CallerToken | undefined
  pairing: Pairing
}

type Credentials = { token: string | undefined; proof: Proof }

/**
 * Has a message signed. The pairing signature does not cover `trace`, because the proxy may add its own span. Throws
 * AppError: signer_unavailable, signer_timeout, caller_token_unavailable, pairing_unavailable, or payload_too_large if
 * the message is longer than the signer accepts.
 */
export type AskSigner = (
  message: string,
  requestId: string,
  trace?: TraceContext,
) => Promise<SignResponse>

/** Makes the client. `timeoutMs` covers a whole call: connection, answer and a second attempt. */
export function createSignerClient(options: SignerClientOptions): AskSigner {
  const { url, timeoutMs, callerToken, pairing } = options
  const { connect, path } = readTarget(url)
  const send = createSend(connect)
  return async (message, requestId, trace) => {
    const body = Buffer.from(JSON.stringify({ message }))
    if (body.length > MAX_BODY_BYTES) {
      throw new AppError('payload_too_large', 'the processed message is too long to sign')
    }
    const headers = {
      'content-type': 'application/json',
      'x-request-id': requestId,
      [JSON_CASE_HEADER]: SNAKE_CASE,
      ...trace?.headers,
    }
    const request = { method: 'POST', path, body } as const
    const signal = AbortSignal.timeout(timeoutMs)
    const prepare = () => ({ token: callerToken?.read(), proof: pairing.sign(request) })
    const attempt = ({ token, proof }: Credentials) => {
      const own = { ...(token && { [CALLER_TOKEN_HEADER]: token }), ...proof.headers }
      return send({ ...request, headers: { ...headers, ...own } }, signal)
    }
    // A refused request was not signed, so it can be sent again: once, with other credentials.
    const hasOthers = ({ token, proof }: Credentials, { status }: Answer) =>
      (status === 401 && token !== undefined && callerToken?.refuse(token)) ||
      // After a restart the signer has a new secret.
      (status === 403 && pairing.renew(proof.secret))
    try {
      const credentials = prepare()
      const answer = await attempt(credentials)
      return readSignature(hasOthers(credentials, answer) ? await attempt(prepare()) : answer)
    } catch (error) {
      throw explainFailure(error, signal)
    }
  }
}

function readSignature({ status, body }: Answer): SignResponse {
  // This includes 4xx: the signer refused the frontend's request, and the public client cannot fix that.
  if (status !== 200) throw new AppError('signer_unavailable', `the signer answered ${status}`)
  return schema.parse(JSON.parse(body))
}

/** Returns the AppError that explains why there was no answer. */
export function explainFailure(error: unknown, signal: AbortSignal): AppError {
  if (error instanceof AppError) return error
  if (signal.aborted) {
    return new AppError('signer_timeout', 'the signer did not answer in time', { cause: error })
  }
  const detail =
    error instanceof Error && 'code' in error
      ? `the signer cannot be reached (${error.code})`
      : 'the signer sent an invalid answer'
  return new AppError('signer_unavailable', detail, { cause: error })
}
