// Turns errors into responses, as RFC 9457 `application/problem+json`. No other file does.
import { STATUS_CODES } from 'node:http'
import { AppError, type ErrorCode, statusOf } from '../errors.ts'

/** The JSON of a problem. `type` is about:blank, so `title` is the status phrase (RFC 9457 section 4.2.1). */
export type Problem = {
  type: 'about:blank'
  title: string
  status: number
  detail: string
  code: ErrorCode
  request_id: string
  field?: string | undefined
  /** Seconds. The header Retry-After has the same number, but not that of a problem among several results. */
  retry_after?: number | undefined
}

type Headers = Record<string, string>

/** Returns the headers that every answer has. */
export function describeAnswer(requestId: string, type: string): Headers {
  return { 'content-type': type, 'cache-control': 'no-store', 'x-request-id': requestId }
}

/** Describes `error` for the caller. An AppError is described in full, any other error only as `internal`. */
export function toProblem(error: unknown, requestId: string): Problem {
  const { code, message, field, retryAfter } =
    error instanceof AppError
      ? error
      : new AppError('internal', 'the service failed, its log has the reason')
  const status = statusOf[code]
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? code,
    status,
    detail: message,
    code,
    request_id: requestId,
    field,
    retry_after: retryAfter,
  }
}

/** Describes `error` as a response. */
export function describeProblem(error: unknown, requestId: string) {
  const problem = toProblem(error, requestId)
  const { status } = problem
  const headers = describeAnswer(requestId, 'application/problem+json')
  // In seconds (RFC 9110 section 10.2.3). Every 503 is short: a restart, or a token or key that arrives soon. Only an
  // operator ends a freeze.
  const isShort = status === 503 && problem.code !== 'frozen'
  const seconds = problem.retry_after ?? (isShort ? 1 : undefined)
  if (seconds !== undefined) headers['retry-after'] = String(seconds)
  return { status, headers, body: JSON.stringify(problem) }
}

/** Makes a Response that describes `error`. The headers `extra` are added, for example Allow. */
export function makeProblem(error: unknown, requestId: string, extra: Headers = {}): Response {
  const { status, headers, body } = describeProblem(error, requestId)
  return new Response(body, { status, headers: { ...headers, ...extra } })
}
