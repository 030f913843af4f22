// Requests signatures from the signer, and explains why there is none.
import * as z from 'zod/mini'
import { createCollector, type Reply } from '../client/collector.ts'
import { createSignedRequest, type SignedRequestOptions } from '../client/signed-request.ts'
import { SignerError, type SignerErrorCode } from '../client/signer-error.ts'
import { keyId, MAX_BODY_BYTES, type SignResponse, signature } from '../runtime/contract.ts'
import { AppError, type ErrorCode } from '../runtime/errors.ts'
import { acceptKeyId } from '../runtime/previous-version.ts'
import type { TraceContext } from './trace-context.ts'

const algorithm = z.literal('HMAC-SHA256')
const schema = acceptKeyId(z.strictObject({ signature, key_id: keyId, algorithm }))

const codeOf: Record<SignerErrorCode, ErrorCode> = {
  settings_invalid: 'internal',
  request_invalid: 'internal',
  caller_token_unavailable: 'caller_token_unavailable',
  pairing_unavailable: 'pairing_unavailable',
  signer_unavailable: 'signer_unavailable',
  signer_timeout: 'signer_timeout',
  overloaded: 'overloaded',
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

/** Makes the client. `timeoutMs` is the deadline of each message. */
export function createSignerClient(
  options: SignedRequestOptions & { timeoutMs: number },
): AskSigner {
  const { target, timeoutMs } = options
  const send = createSignedRequest(options)
  const collect = createCollector({ send, path: target.path, timeoutMs })
  return async (message, requestId, trace) => {
    const text = JSON.stringify({ message })
    if (isTooLong(text)) {
      throw new AppError('payload_too_large', 'the processed message is too long to sign')
    }
    const headers = {
      'content-type': 'application/json',
      'x-request-id': requestId,
      ...trace?.headers,
    }
    try {
      return readSignature(await collect({ text, requestId, traceId: trace?.traceId, headers }))
    } catch (error) {
      throw explainFailure(error)
    }
  }
}

/** A character takes at most three bytes, so most messages need no count of bytes. */
function isTooLong(text: string): boolean {
  return text.length > MAX_BODY_BYTES / 3 && Buffer.byteLength(text) > MAX_BODY_BYTES
}

function readSignature({ answer, result }: Reply): SignResponse {
  if (result !== undefined && 'signed' in result) return result.signed
  const { status } = result?.problem ?? answer
  // This includes 4xx: the signer refused the frontend's request, and the public client cannot fix that.
  if (status !== 200) throw new AppError('signer_unavailable', `the signer answered ${status}`)
  return schema.parse(JSON.parse(answer.body.toString('utf8')))
}

/** Returns the AppError that explains why there was no answer. */
export function explainFailure(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof SignerError) {
    return new AppError(codeOf[error.code], error.message, { cause: error })
  }
  return new AppError('signer_unavailable', 'the signer sent an invalid answer', { cause: error })
}
