// Finds a Secret without the MAC key of the audit log, and composes the entries that add one.
import { say } from '../../cli/terminal.ts'
import { keySecret } from '../../kube/names.ts'
import { describePlaces } from '../../kube/writers/writers.ts'
import { auditKeyEntry, primaryEntry } from './entries.ts'
import { makeKey } from './hmac-key.ts'
import type { KeySecret } from './key-secret.ts'
import { findSecretWriters } from './secret-writers.ts'

const page = 'docs/keys.md#audit-key'

/**
 * Returns the entries that the Secret lacks, in base64. `primary` is the key that signs. A signer of version 0.1 takes the audit
 * key for a signing key, so it needs the entry that names the other one.
 */
export function composeAuditKey({ data }: KeySecret, primary: string): Record<string, string> {
  if (auditKeyEntry in data) return {}
  return {
    [primaryEntry]: data[primaryEntry] ?? Buffer.from(primary).toString('base64'),
    [auditKeyEntry]: makeKey(),
  }
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
