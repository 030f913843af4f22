// The key of the records' MACs. It is only read, and never printed.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { findSpoiledText } from '../../../signer/keys/spoiled-text.ts'
import { readVariable } from '../../cli/make-variables.ts'
import { UserError } from '../../cli/terminal.ts'
import { auditKeyEntry } from '../../deploy/keys/entries.ts'
import { readKeySecret } from '../../deploy/keys/key-secret.ts'
import { keySecret, namespace } from '../../kube/names.ts'

const todo = `Write the key to a file, and set AUDIT_KEY_FILE to it.
    From the Secret, also with External Secrets:
      kubectl get secret ${keySecret} -n ${namespace} -o jsonpath='{.data.${auditKeyEntry}}' | base64 -d >audit-key
    From Vault:
      vault kv get -mount=kv -field=${auditKeyEntry} ${namespace}/${keySecret} | base64 -d >audit-key
    After the audit key was replaced, give both: AUDIT_KEY_FILE='audit-key old-audit-key'
    If there is none, docs/keys.md#audit-key says how to add one. Records from before have no MAC.`

/** Reads the files that AUDIT_KEY_FILE names, or else the Secret. Throws UserError if there is no key. */
export async function readAuditKeys(): Promise<KeyObject[]> {
  const files = readVariable('AUDIT_KEY_FILE')
  const keys =
    files === undefined
      ? [await readFromSecret()]
      : await Promise.all(files.split(/\s+/).map(readFromFile))
  return keys.map((bytes) => createSecretKey(bytes))
}

async function readFromFile(path: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`cannot read AUDIT_KEY_FILE ${path}: ${error.code}`, todo)
  })
  const fault = bytes.length === 0 ? 'is empty' : findSpoiledText(bytes)
  if (fault === undefined) return bytes
  throw new UserError(`AUDIT_KEY_FILE ${path} ${fault}`, todo)
}

async function readFromSecret(): Promise<Buffer> {
  const secret = await readKeySecret().catch((error) => {
    const message = error instanceof Error ? error.message : String(error)
    // kubectl repeats itself before it says why.
    const reason = message.trim().split('\n').at(-1)
    throw new UserError(`cannot read the audit key from the cluster: ${reason}`, todo)
  })
  const value = secret.data[auditKeyEntry]
  if (value !== undefined) return Buffer.from(value, 'base64')
  throw new UserError(`the Secret ${keySecret} has no entry ${auditKeyEntry}`, todo)
}
