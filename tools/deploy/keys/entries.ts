// The names of the Secret's entries that are no signing keys.

/** Names the key that signs. */
export const primaryEntry = 'primary'
/** The MAC key of the audit log. It never signs, and no rotation replaces it. */
export const auditKeyEntry = 'audit-key'

/** Lists the ids of the signing keys. */
export function listKeyIds(data: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(data).filter((id) => id !== primaryEntry && id !== auditKeyEntry)
}
