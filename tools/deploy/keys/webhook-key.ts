// Finds the webhook key that an operator means: one of the Secret, or one in a file. It is only read, and never printed.
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { judgeKeys } from '../../../signer/keys/key-files.ts'
import { type Key, KeyRingError } from '../../../signer/keys/key-ring.ts'
import { UserError } from '../../cli/terminal.ts'
import { keySecret, namespace } from '../../kube/names.ts'
import { webhookKeys } from './key-forms.ts'
import { readKeySecret } from './key-secret.ts'

const theSecret = `the Secret ${keySecret} in namespace ${namespace}`
const fileTodo =
  'Write the entry to a file, or to standard input with KEY_FILE=-: docs/key-managers.md#webhook-keys.'

/** Reads the key with the id `id`, or the primary one. Throws UserError if there is none. */
export async function readWebhookKey(id: string | undefined): Promise<Key> {
  const { data } = await readKeySecret().catch((error) => {
    if (!(error instanceof UserError)) throw error
    throw new UserError(
      error.message,
      `${error.todo}\n    If the keys are in no Secret, set KEY_FILE. ${fileTodo}`,
    )
  })
  const keys = judgeSecret(data)
  const key = id === undefined ? keys[0] : keys.find((each) => each.id === id)
  if (key !== undefined) return key
  const [what, todo] =
    keys.length === 0
      ? ['no webhook key', `Run \`${webhookKeys.command}\`, which adds the first one.`]
      : [`no webhook key ${id}`, `Set KEY_ID to one of ${keys.map((each) => each.id).join(', ')}.`]
  throw new UserError(`${theSecret} has ${what}`, todo)
}

/** Reads the bytes of all webhook keys by their id. Throws UserError if there is no Secret. */
export async function readWebhookKeys(): Promise<Map<string, Buffer>> {
  const keys = judgeSecret((await readKeySecret()).data)
  return new Map(keys.map(({ id, material }) => [id, material.export()]))
}

/** Reads the key from a file. A dash is standard input. */
export async function readWebhookKeyFile(path: string): Promise<Key> {
  const bytes = await (path === '-' ? buffer(process.stdin) : readFile(path)).catch(
    (error: NodeJS.ErrnoException) => {
      throw new UserError(`cannot read KEY_FILE ${path}: ${error.code}`, fileTodo)
    },
  )
  const [key] = judge(new Map([['KEY_FILE', bytes]]), `KEY_FILE ${path}`, fileTodo)
  if (key !== undefined) return key
  throw new UserError(
    `KEY_FILE ${path} has no webhook key, because its text does not begin with whsec_`,
    fileTodo,
  )
}

function judgeSecret(data: Readonly<Record<string, string>>): readonly Key[] {
  const entries = Object.entries(data).map(
    ([name, text]) => [name, Buffer.from(text, 'base64')] as const,
  )
  return judge(new Map(entries), theSecret, 'Fix the Secret: docs/keys.md#webhook-keys.')
}

function judge(entries: ReadonlyMap<string, Buffer>, where: string, todo: string): readonly Key[] {
  try {
    return judgeKeys(entries).ring.webhook
  } catch (error) {
    if (!(error instanceof KeyRingError)) throw error
    throw new UserError(`the signer refuses ${where}: ${error.message}`, todo)
  }
}
