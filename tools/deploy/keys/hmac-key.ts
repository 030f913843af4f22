// Creates and reads the keys in their Secret. A key is never printed, never in an argument, and never overwritten.
import { tryRun } from '../../cli/exec.ts'
import { UserError } from '../../cli/terminal.ts'
import { exists } from '../../kube/kubectl.ts'
import { keySecret, namespace } from '../../kube/names.ts'
import { auditKeyEntry, listKeyIds, primaryEntry } from './entries.ts'
import { immutableAdvice } from './immutable.ts'
import { makeKey } from './key-forms.ts'
import { readKeySecret } from './key-secret.ts'

const firstId = 'key-1'
/** There is no version among them, because the Secret stays when the version changes. */
const labels = {
  'app.kubernetes.io/name': 'secure-signing',
  'app.kubernetes.io/part-of': 'secure-signing',
  'app.kubernetes.io/component': 'signer',
}

/** Creates the Secret with a random key, and one for the audit log. Returns false if the Secret exists. */
export async function ensureKey(): Promise<boolean> {
  if (await exists(['secret', keySecret, '-n', namespace])) return false
  const content = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: keySecret, namespace, labels },
    type: 'Opaque',
    data: {
      [firstId]: makeKey(),
      // A signer of version 0.1 takes the audit key for a signing key.
      [primaryEntry]: Buffer.from(firstId).toString('base64'),
      [auditKeyEntry]: makeKey(),
    },
  }
  // Not `apply`: it would keep a copy of the key in an annotation, and overwrite a Secret that somebody creates at the same
  // time.
  const result = await tryRun('kubectl', ['create', '-f', '-'], { input: JSON.stringify(content) })
  if (result.code === 0) return true
  if (result.stderr.includes('AlreadyExists')) return false
  throw new UserError(
    `cannot create the Secret ${keySecret}: ${result.stderr.trim()}`,
    'Fix the cause, and run `make deploy` again.',
  )
}

/** Reads all raw keys by their id. Throws UserError if there is no Secret. */
export async function readKeys(): Promise<Map<string, Buffer>> {
  const { data } = await readKeySecret()
  return new Map(listKeyIds(data, 'raw').map((id) => [id, Buffer.from(data[id] ?? '', 'base64')]))
}

/** Reads the raw key with the id `keyId`. Throws UserError if the Secret does not have it. */
export async function readKey(keyId: string): Promise<Buffer> {
  const key = (await readKeys()).get(keyId)
  if (key !== undefined) return key
  throw new UserError(
    `the signer used the key "${keyId}", which is not in the Secret ${keySecret}`,
    `If the Secret has just changed, try again in a minute. Otherwise read the signer's log. If an immutable Secret was created again: ${immutableAdvice}`,
  )
}
