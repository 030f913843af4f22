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

/** The problems that the frontend's own clients get, too. */
const passedOn = z.discriminatedUnion('code', [
  z.object({ code: z.literal('frozen') }),
  z.object({ code: z.literal('rate_limited'), retry_after: z.int().check(z.gte(1)) }),
])

/** Without the codes about webhooks, which the frontend does not have signed. */
const codeOf: Partial<Record<SignerErrorCode, ErrorCode>> = {
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
 * AppError: signer_unavailable, signer_timeout, rate_limited, frozen, caller_token_unavailable, pairing_unavailable, or
 * payload_too_large if the message is longer than the signer accepts.
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
  if (result !== undefined && 'problem' in result) {
    throw explainProblem(result.problem.status, result.problem)
  }
  const text = answer.body.toString('utf8')
  if (answer.status !== 200) throw explainProblem(answer.status, tryParse(text))
  return schema.parse(JSON.parse(text))
}

/** `value`: the problem, or what a proxy sent instead. */
function explainProblem(status: number, value: unknown): AppError {
  const { data } = passedOn.safeParse(value)
  if (data?.code === 'frozen') return new AppError('frozen', 'the signer is frozen')
  if (data?.code === 'rate_limited') {
    const detail = 'the signer has reached its limit, try again after Retry-After'
    return new AppError('rate_limited', detail, { retryAfter: data.retry_after })
  }
  // This includes other 4xx: the signer refused the frontend's request, and the public client cannot fix that.
  return new AppError('signer_unavailable', `the signer answered ${status}`)
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns the AppError that explains why there was no answer. */
export function explainFailure(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof SignerError) {
    return new AppError(codeOf[error.code] ?? 'internal', error.message, { cause: error })
  }
  return new AppError('signer_unavailable', 'the signer sent an invalid answer', { cause: error })
}
