// The names of the Secret's entries that are no signing keys. The signer decides them.
import { AUDIT_KEY, PRIMARY } from '../../../signer/keys/key-files.ts'

/** Names the key that signs. */
export const primaryEntry = PRIMARY
/** The MAC key of the audit log. It never signs, and no rotation replaces it. */
export const auditKeyEntry = AUDIT_KEY

/** Lists the ids of the signing keys. */
export function listKeyIds(data: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(data).filter((id) => id !== primaryEntry && id !== auditKeyEntry)
}
