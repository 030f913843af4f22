// Where a rotation reads which keys the signer of one Pod holds.
import type { HeldKeys } from '../keys/key-metrics.ts'

/** The keys, or the reason why the signer does not report them. */
export type KeyReport = { keys: HeldKeys } | { problem: string }

export type KeySource = {
  /** Throws Error if the source is broken. */
  read: () => Promise<KeyReport>
  stop: () => void
}

export const tooOld = 'its signer is too old to report its keys, so run make deploy first'
