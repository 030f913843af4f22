// Requests signatures from the signer, and explains why there is none.
import type { Answer } from '../client/http-client.ts'
import { createSignedRequest, type SignedRequestOptions } from '../client/signed-request.ts'
import { SignerError, type SignerErrorCode } from '../client/signer-error.ts'
import { MAX_BODY_BYTES, type SignResponse, signResponse } from '../runtime/contract.ts'
import { AppError, type ErrorCode } from '../runtime/errors.ts'
import type { TraceContext } from '../runtime/http/trace-context.ts'
import { acceptKeyId } from '../runtime/previous-version.ts'

/** An answer with one signature is much shorter. */
const MAX_ANSWER_BYTES = 16 * 1024

const schema = acceptKeyId(signResponse)

const codeOf: Record<SignerErrorCode, ErrorCode> = {
  settings_invalid: 'internal',
  request_invalid: 'internal',
  caller_token_unavailable: 'caller_token_unavailable',
  pairing_unavailable: 'pairing_unavailable',
  signer_unavailable: 'signer_unavailable',
  signer_timeout: 'signer_timeout',
}

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

/** Makes the client. */
export function createSignerClient(options: SignedRequestOptions): AskSigner {
  const send = createSignedRequest({ ...options, maxAnswerBytes: MAX_ANSWER_BYTES })
  return async (message, requestId, trace) => {
    const body = Buffer.from(JSON.stringify({ message }))
    if (body.length > MAX_BODY_BYTES) {
      throw new AppError('payload_too_large', 'the processed message is too long to sign')
    }
    const headers = {
      'content-type': 'application/json',
      'x-request-id': requestId,
      ...trace?.headers,
    }
    try {
      return readSignature(await send({ method: 'POST', headers, body }))
    } catch (error) {
      throw explainFailure(error)
    }
  }
}

function readSignature({ status, body }: Answer): SignResponse {
  // This includes 4xx: the signer refused the frontend's request, and the public client cannot fix that.
  if (status !== 200) throw new AppError('signer_unavailable', `the signer answered ${status}`)
  return schema.parse(JSON.parse(body.toString('utf8')))
}

/** Returns the AppError that explains why there was no answer. */
export function explainFailure(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof SignerError) {
    return new AppError(codeOf[error.code], error.message, { cause: error })
  }
  return new AppError('signer_unavailable', 'the signer sent an invalid answer', { cause: error })
}
