// The entries of the Secret: their names, and the form of each key. The signer decides both.
import type { Form } from '../../../runtime/contract.ts'
import {
  AUDIT_KEY,
  PRIMARY,
  WEBHOOK_PREFIX,
  WEBHOOK_PRIMARY,
} from '../../../signer/keys/key-files.ts'

/** Names the raw key that signs. */
export const primaryEntry = PRIMARY
/** Names the webhook key whose signature comes first. */
export const webhookPrimaryEntry = WEBHOOK_PRIMARY
/** The MAC key of the audit log. It never signs, and no rotation replaces it. */
export const auditKeyEntry = AUDIT_KEY

type Data = Readonly<Record<string, string>>

const noKeys = [primaryEntry, webhookPrimaryEntry, auditKeyEntry]

/** The form of a key is a part of its value, which is `text` in base64. */
export function formOf(text: string): Form {
  return Buffer.from(text, 'base64').toString('latin1').startsWith(WEBHOOK_PREFIX)
    ? 'webhook'
    : 'raw'
}

/** Lists the ids of the signing keys, of all or of one form. */
export function listKeyIds(data: Data, form?: Form): string[] {
  const ids = Object.keys(data).filter((id) => !noKeys.includes(id))
  return form === undefined ? ids : ids.filter((id) => formOf(data[id] ?? '') === form)
}
