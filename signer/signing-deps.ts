// What it takes to sign: a key, the lock that decides for whom, and a count of it.
import type { AppContext } from '../runtime/http/http-app.ts'
import type { GetKeyRing } from './keys/key-holder.ts'
import type { SignerMetrics } from './metrics.ts'

/** Checks the body's bytes against what the headers say of them. Throws AppError with a 403. */
export type CheckBody = (body: Uint8Array) => void

/** Checks a request's headers, before its body is read. Throws AppError with a 403. */
export type Admit = (c: AppContext) => CheckBody

export type SigningDeps = {
  getKeyRing: GetKeyRing
  admit: Admit
  countSignatures: SignerMetrics['countSignatures']
}
