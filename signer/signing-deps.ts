// What it takes to sign: a key, the lock that decides for whom, and a count of it.
import type { GetKeyRing } from './key-holder.ts'
import type { SignerMetrics } from './metrics.ts'
import type { Admit } from './pairing.ts'

export type SigningDeps = {
  getKeyRing: GetKeyRing
  admit: Admit
  countSignatures: SignerMetrics['countSignatures']
}
