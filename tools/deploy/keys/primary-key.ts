// Finds the primary key of each form in the Secret, by the rules of the signer.
import type { Form } from '../../../runtime/contract.ts'
import { UserError } from '../../cli/terminal.ts'
import { keySecret } from '../../kube/names.ts'
import { listKeyIds } from './entries.ts'
import { type KeyForm, keyForms } from './key-forms.ts'

type Data = Readonly<Record<string, string>>

/** Returns an empty text if there is no key of this form. Throws UserError if the signer would refuse the entries. */
export function findPrimary(data: Data, form: KeyForm): string {
  if (listKeyIds(data).length === 0) throw noKey
  // The signer refuses all keys if those of one form are wrong.
  for (const each of Object.values(keyForms)) findPrimaryOf(data, each)
  return findPrimaryOf(data, form)
}

const noKey = new UserError(
  `the Secret ${keySecret} has no key`,
  'Restore the key that the Pods hold. If there is none, delete the Secret and run `make deploy`, which creates a new key.',
)

function findPrimaryOf(data: Data, { name, noun, primaryEntry }: KeyForm): string {
  const ids = listKeyIds(data, name)
  const entry = data[primaryEntry]
  if (entry === undefined) {
    if (ids.length <= 1) return ids[0] ?? ''
    throw new UserError(
      `the Secret ${keySecret} has ${ids.length} ${noun}s (${ids.join(', ')}) and no entry "${primaryEntry}"`,
      `Write the id of the key that signs into the entry "${primaryEntry}". The metric signer_keys shows which one signs now.`,
    )
  }
  const primary = Buffer.from(entry, 'base64').toString('utf8')
  if (ids.includes(primary)) return primary
  if (listKeyIds(data).includes(primary)) throw otherForm(primaryEntry, primary, name)
  // Not its content, which may be a key in the wrong entry.
  throw new UserError(
    `the entry "${primaryEntry}" of the Secret ${keySecret} names no ${noun}`,
    ids.length === 0
      ? `Remove it. There is no ${noun} that it can name.`
      : `Write one of ${ids.join(', ')} into it, without a newline at the end.`,
  )
}

function otherForm(entry: string, id: string, wanted: Form): UserError {
  const what = `the entry "${entry}" of the Secret ${keySecret} names ${id}`
  if (wanted === 'webhook') {
    return new UserError(
      `${what}, which is no webhook key, because its text does not begin with whsec_`,
      'Write the id of a webhook key into it, or remove it if there is none.',
    )
  }
  return new UserError(
    `${what}, which is a webhook key, because its text begins with whsec_`,
    'If a signer of version 0.1 signs with it, rotate by hand to a key that begins otherwise, before you deploy: docs/keys.md#rotate-by-hand. Otherwise write the id of another key into the entry, or remove the entry if there is none.',
  )
}
