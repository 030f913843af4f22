// What docs/key-managers.md has an operator do in Vault, done by its API: the grant, and the key.
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { namespace, serviceAccount } from '../../../tools/kube/names.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { PROGRAM_MS } from '../../support/timeouts.ts'
import type { Vault } from './vault-server.ts'

const component = join(CHECKOUT, 'k8s/components/vault')
const keyPath = 'signing/hmac-key'
const written = z.object({ version: z.number() })
export const role = 'secure-signing'
const rolePath = `auth/kubernetes/role/${role}`
export const loginPath = 'auth/kubernetes/login'
export const dataPath = `kv/data/${keyPath}`

export async function prepareVault({ ask }: Vault): Promise<void> {
  await ask('PUT', 'sys/audit/stdout', { type: 'file', options: { file_path: 'stdout' } })
  await ask('POST', 'sys/mounts/kv', { type: 'kv', options: { version: '2' } })
  await ask('POST', 'sys/auth/kubernetes', { type: 'kubernetes' })
  const kubernetes_host = 'https://kubernetes.default.svc'
  await ask('POST', 'auth/kubernetes/config', { kubernetes_host })
}

/** Lets our ServiceAccount read the key, for a minute and renewably; `policy`: another than ours. */
export async function grant({ ask }: Vault, policy?: string): Promise<void> {
  const ours = await readFile(join(component, 'vault-policy.hcl'), 'utf8')
  await ask('PUT', 'sys/policies/acl/secure-signing', { policy: policy ?? ours })
  await ask('POST', rolePath, {
    bound_service_account_names: [serviceAccount],
    bound_service_account_namespaces: [namespace],
    audience: 'vault',
    token_policies: ['secure-signing'],
    token_no_default_policy: true,
    token_ttl: '60s',
    token_max_ttl: '1h',
  })
}

/** Takes the role and every token that it has given. */
export async function revoke({ ask }: Vault): Promise<void> {
  await ask('DELETE', rolePath)
  await ask('PUT', `sys/leases/revoke-prefix/${loginPath}`)
}

/** Writes a random key as a new version, adds it to `keys`, and returns its id, e.g. "v3". */
export async function putKey(vault: Vault, keys: Map<string, Uint8Array>): Promise<string> {
  const key = randomBytes(32)
  const id = await putVersion(vault, { key: key.toString('base64') })
  keys.set(id, key)
  return id
}

/** Writes a new version, and returns its id. */
export async function putVersion({ ask }: Vault, data: object): Promise<string> {
  // A new mount refuses writes for a moment.
  const { body } = await waitFor(
    () => ask('POST', dataPath, { data }).catch(() => undefined),
    PROGRAM_MS,
    () => 'Vault does not accept a new version',
  )
  return `v${written.parse(body.data).version}`
}

/** Returns the version of an id, e.g. 3 for "v3". */
export function toVersion(id: string): number {
  return Number(id.slice(1))
}

/** Makes the version of `id` the primary key. Without `id`, the newest version is the primary key. */
export async function namePrimary({ ask }: Vault, id?: string): Promise<void> {
  const custom_metadata = id === undefined ? {} : { primary: String(toVersion(id)) }
  await ask('POST', `kv/metadata/${keyPath}`, { custom_metadata })
}

/** Deletes a version, as `vault kv delete -versions` does. */
export async function deleteVersion({ ask }: Vault, id: string): Promise<void> {
  await ask('POST', `kv/delete/${keyPath}`, { versions: [toVersion(id)] })
}
