// The errors of this package. Programs match on the code. No message holds a token, a secret or a path of the Pod.

export type SignerErrorCode =
  /** A setting is wrong. Thrown when the client is made. */
  | 'settings_invalid'
  /** The request is not for the signer, so nothing was sent. */
  | 'request_invalid'
  | 'caller_token_unavailable'
  | 'pairing_unavailable'
  /** Nothing listens, the connection broke, or the answer is no valid HTTP. */
  | 'signer_unavailable'
  | 'signer_timeout'
  /** Too many messages wait for the signer. Nothing was sent. */
  | 'overloaded'

export class SignerError extends Error {
  readonly code: SignerErrorCode

  constructor(code: SignerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SignerError'
    this.code = code
  }
}
