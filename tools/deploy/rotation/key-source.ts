// Where a rotation reads which keys the signer of one Pod holds.
import type { Form } from '../../../runtime/contract.ts'
import type { HeldKeys } from '../keys/key-metrics.ts'

/** The keys, or the reason why the signer does not report them. */
export type KeyReport = { keys: HeldKeys } | { problem: string; isTooOld?: true }

export type KeySource = {
  /** Throws Error if the source is broken. */
  read: () => Promise<KeyReport>
  stop: () => void
}

/** Only another version of the signer reports them. */
export function reportTooOld(form: Form): KeyReport {
  const keys = form === 'raw' ? 'its keys' : `${form} keys`
  return {
    problem: `its signer is too old to report ${keys}, so run make deploy first`,
    isTooOld: true,
  }
}
