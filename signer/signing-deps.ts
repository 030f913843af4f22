// What the signing endpoints need: the keys and the check of the caller.
import type { AppContext } from '../runtime/http/http-app.ts'
import type { GetKeyRing } from './keys/key-holder.ts'

/** Checks that the body matches the signed headers. Throws an AppError with status 403. */
export type CheckBody = (body: Uint8Array) => void

/** Checks the headers of a request before its body is read. Throws an AppError with status 403. */
export type Admit = (c: AppContext) => CheckBody

export type SigningDeps = {
  getKeyRing: GetKeyRing
  admit: Admit
}
