// Finds a Secret without the MAC key of the audit log, and adds one.
import { say } from '../../cli/terminal.ts'
import { keySecret } from '../../kube/names.ts'
import { describePlaces } from '../../kube/writers/writers.ts'
import { auditKeyEntry, listKeyIds, primaryEntry } from './entries.ts'
import { makeKey } from './key-forms.ts'
import type { KeySecret } from './key-secret.ts'
import { findSecretWriters } from './secret-writers.ts'

const page = 'docs/keys.md#audit-key'

/**
 * Returns the Secret with the entries that it lacks. A signer of version 0.1 takes every other entry for a signing key too, so it
 * needs the entry `primary`.
 */
export function completeSecret(secret: KeySecret): KeySecret {
  // With several raw keys, the entry exists.
  const [raw] = listKeyIds(secret.data, 'raw')
  const primary = raw === undefined ? {} : { [primaryEntry]: Buffer.from(raw).toString('base64') }
  return { ...secret, data: { ...primary, [auditKeyEntry]: makeKey(), ...secret.data } }
}

/** Prints a note if the Secret has no audit key. */
export function noteMissingAuditKey(secret: KeySecret): void {
  if (auditKeyEntry in secret.data) return
  say(`  note  the Secret ${keySecret} has no entry ${auditKeyEntry}, so audit records have no MAC. Nobody notices if one is changed or deleted
        ${describeAddition(secret)}`)
}

function describeAddition(secret: KeySecret): string {
  const traces = findSecretWriters(secret)
  if (traces.length > 0) return `Add the entry ${describePlaces(traces)}: ${page}`
  if (secret.immutable === true) return `Create the Secret again with it: ${page}`
  return `Run \`make rotate-key\`, which adds it with the next key. To add it without a rotation: ${page}`
}
