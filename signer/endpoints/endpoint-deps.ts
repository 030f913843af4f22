// What the endpoints need: the check of the caller, the keys, and what signs and verifies within limits.
import type { AppContext } from '../../runtime/http/http-app.ts'
import type { GetKeyRing } from '../keys/key-holder.ts'
import type { Signing } from '../signing.ts'

/** Checks that the body matches the signed headers. Throws an AppError with status 403. */
export type CheckBody = (body: Uint8Array) => void
/** Checks the headers of a request before its body is read. Throws an AppError with status 403. */
export type Admit = (c: AppContext) => CheckBody

export type EndpointDeps = {
  admit: Admit
  getKeyRing: GetKeyRing
  signing: Signing
  /** Throws AppError rate_limited. */
  spendVerification: () => void
}
