// The one place that turns an error into a response: RFC 9457 `application/problem+json`.
import { STATUS_CODES } from 'node:http'
import { AppError, type ErrorCode, statusOf } from '../errors.ts'

/** The wire form. `type` is left at about:blank, so `title` is the status phrase (RFC 9457 section 4.2.1). */
export type Problem = {
  type: 'about:blank'
  title: string
  status: number
  detail: string
  code: ErrorCode
  requestId: string
  field?: string
}

export type ProblemResponse = { status: number; headers: Record<string, string>; body: string }

/** What the caller gets to know of `error`: all of an AppError, and of anything else only that it was our fault. */
export function describeProblem(error: unknown, requestId: string): ProblemResponse {
  const { code, message, field } =
    error instanceof AppError ? error : new AppError('internal', 'the request could not be served')
  const status = statusOf[code]
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? code,
    status,
    detail: message,
    code,
    requestId,
    ...(field === undefined ? {} : { field }),
  }
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': requestId,
  }
  // Seconds. All our 503s are short: a restart, a token or a key on its way (RFC 9110 section 10.2.3).
  if (status === 503) headers['retry-after'] = '1'
  return { status, headers, body: JSON.stringify(problem) }
}

/** The same as a Response. `extraHeaders` are added, e.g. Allow. */
export function makeProblem(
  error: unknown,
  requestId: string,
  extraHeaders: Record<string, string> = {},
): Response {
  const { status, headers, body } = describeProblem(error, requestId)
  return new Response(body, { status, headers: { ...headers, ...extraHeaders } })
}
