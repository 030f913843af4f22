// The errors of this package. Programs match on the code. No message holds a token, a secret or a path of the Pod.

/** What the signer itself answers instead of a signature. docs/api.md explains each. */
export const refusals = [
  'invalid_request',
  'ambiguous_body',
  'pairing_refused',
  'caller_refused',
  'not_found',
  'method_not_allowed',
  'request_timeout',
  'payload_too_large',
  'unsupported_media_type',
  'rate_limited',
  'headers_too_large',
  'internal',
  'overloaded',
  'frozen',
  'key_unavailable',
  'audit_unavailable',
  'shutting_down',
] as const

export type SignerErrorCode =
  /** A setting is wrong. Thrown when the client is made. */
  | 'settings_invalid'
  /** The request is not for the signer, or a webhook is no text and no bytes, so nothing was sent. */
  | 'request_invalid'
  | 'caller_token_unavailable'
  | 'pairing_unavailable'
  /** Nothing listens, the connection broke, or the answer is not one of the signer's. */
  | 'signer_unavailable'
  | 'signer_timeout'
  /** Too many messages wait for the signer. Nothing was sent. The signer answers so, too. */
  | 'overloaded'
  | (typeof refusals)[number]

type Details = ErrorOptions & { isPermanent?: boolean; retryAfter?: number | undefined }

export class SignerError extends Error {
  readonly code: SignerErrorCode
  /** True if the same call fails however often it is made. Otherwise it may succeed later. */
  readonly isPermanent: boolean
  /** After how many seconds it may, if the signer says so. */
  readonly retryAfter: number | undefined

  constructor(code: SignerErrorCode, message: string, details: Details = {}) {
    const isInvalid = code === 'settings_invalid' || code === 'request_invalid'
    const { isPermanent = isInvalid, retryAfter, ...options } = details
    super(message, options)
    this.name = 'SignerError'
    this.code = code
    this.isPermanent = isPermanent
    this.retryAfter = retryAfter
  }
}
