// All errors, as one closed list. Programs match on the code, and the code sets the HTTP status.
export const statusOf = {
  invalid_request: 400,
  ambiguous_body: 400,
  pairing_refused: 403,
  caller_refused: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  payload_too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  headers_too_large: 431,
  internal: 500,
  overloaded: 503,
  frozen: 503,
  key_unavailable: 503,
  audit_unavailable: 503,
  caller_token_unavailable: 503,
  pairing_unavailable: 503,
  signer_unavailable: 503,
  shutting_down: 503,
  signer_timeout: 504,
} as const

export type ErrorCode = keyof typeof statusOf
type Details = ErrorOptions & { field?: string; retryAfter?: number }

/** An error that the caller receives. Put no payload, path, token or key bytes into `detail`: it leaves the Pod. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  /** The field of the request that is wrong. */
  readonly field: string | undefined
  /** After how many seconds the same request may succeed. */
  readonly retryAfter: number | undefined

  constructor(code: ErrorCode, detail: string, options: Details = {}) {
    super(detail, options)
    this.code = code
    this.field = options.field
    this.retryAfter = options.retryAfter
  }
}
