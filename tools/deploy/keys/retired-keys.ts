// Remembers on the Secret which keys rotations have removed, and notices if one is there again.
import { UserError } from '../../cli/terminal.ts'
import { keySecret, namespace } from '../../kube/names.ts'
import { formOf, listKeyIds } from './entries.ts'
import { keyForms } from './key-forms.ts'
import type { KeySecret } from './key-secret.ts'

/** The annotation with the ids, separated by commas. It outlives a rotation. */
export const retiredKeys = 'secure-signing.dev/retired-keys'
/** How many ids are kept. */
const most = 50

export function readRetired({ metadata }: KeySecret): string[] {
  const text = metadata.annotations?.[retiredKeys] ?? ''
  return text.split(',').filter((id) => id !== '')
}

/** Returns the annotation that adds `id` to the ids of `before`. */
export function markRetired(before: readonly string[], id: string): Record<string, string> {
  return { [retiredKeys]: [...new Set([...before, id])].slice(-most).join(',') }
}

/** Returns an error if a retired key is in the Secret again. It names who wrote it. */
export function findReturned(secret: KeySecret): UserError | undefined {
  const id = readRetired(secret).find((each) => each in secret.data)
  if (id === undefined) return undefined
  const form = keyForms[formOf(secret.data[id] ?? '')]
  const primary = Buffer.from(secret.data[form.primaryEntry] ?? '', 'base64').toString()
  const signs = id === primary || listKeyIds(secret.data, form.name).length === 1
  const forget = `kubectl annotate secret ${keySecret} -n ${namespace} ${retiredKeys}-`
  const remove = signs
    ? `replace it: ${forget} && ${form.command} OVERLAP=0s`
    : `remove it: kubectl patch secret ${keySecret} -n ${namespace} --type=json -p '[{"op":"remove","path":"/data/${id}"}]'`
  return new UserError(
    `${id} was retired, and is in the Secret ${keySecret} again${describeManager(secret, id)}. ${signs ? 'It signs' : 'Its signatures verify'} again`,
    `Find out who restores the Secret, and stop it: docs/keys.md#who-writes-the-secret. Then ${remove}. If you restored it on purpose: ${forget}`,
  )
}

function describeManager({ metadata }: KeySecret, id: string): string {
  const writer = metadata.managedFields.find(
    ({ fieldsV1 }) => `f:${id}` in Object(Object(fieldsV1)['f:data']),
  )
  if (writer === undefined) return ''
  return `. The field manager ${writer.manager} wrote it${writer.time === undefined ? '' : ` at ${writer.time}`}`
}
