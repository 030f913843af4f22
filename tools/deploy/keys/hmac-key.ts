// The Secret with the signing key. It is made once, by stdin, and never printed, never in an argv, never overwritten.
import { randomBytes } from 'node:crypto'
import { tryRun } from '../../cli/exec.ts'
import { UserError } from '../../cli/terminal.ts'
import { exists } from '../../kube/kubectl.ts'
import { keySecret, namespace } from '../../kube/names.ts'
import { readKeySecret } from './key-secret.ts'

/** Bytes; as long as SHA-256's output, which RFC 2104 section 3 asks for. */
const keyBytes = 32
/** Without a version: the Secret outlives every version. */
const labels = {
  'app.kubernetes.io/name': 'secure-signing',
  'app.kubernetes.io/part-of': 'secure-signing',
  'app.kubernetes.io/component': 'signer',
}

/** A new random key, in base64 as a Secret's entry has it. */
export function makeKey(): string {
  return randomBytes(keyBytes).toString('base64')
}

/** Makes a random key if there is no Secret for it yet. Returns whether it did. */
export async function ensureKey(): Promise<boolean> {
  if (await exists(['secret', keySecret, '-n', namespace])) return false
  const content = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: keySecret, namespace, labels },
    type: 'Opaque',
    data: { 'key-1': makeKey() },
  }
  // create, not apply: an apply would leave a copy of the key in an annotation, and would overwrite one made meanwhile.
  const result = await tryRun('kubectl', ['create', '-f', '-'], { input: JSON.stringify(content) })
  if (result.code === 0) return true
  if (result.stderr.includes('AlreadyExists')) return false
  throw new UserError(
    `the Secret ${keySecret} could not be made: ${result.stderr.trim()}`,
    'see above',
  )
}

/** Reads every key: id → bytes. Throws UserError if there is no Secret. */
export async function readKeys(): Promise<Map<string, Buffer>> {
  const { data } = await readKeySecret()
  return new Map(
    Object.entries(data)
      .filter(([id]) => id !== 'primary')
      .map(([id, material]) => [id, Buffer.from(material, 'base64')]),
  )
}

/** Reads the key that has the id `keyId`. Throws UserError if the Secret has no such entry. */
export async function readKey(keyId: string): Promise<Buffer> {
  const key = (await readKeys()).get(keyId)
  if (key !== undefined) return key
  throw new UserError(
    `the answer names the key "${keyId}", and the Secret ${keySecret} has no such entry`,
    "if the Secret was changed a moment ago, try again in a minute; else see the signer's log",
  )
}
