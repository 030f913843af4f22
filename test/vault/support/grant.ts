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

/** Writes a new random version, remembers it in `keys`, and returns its id. */
export async function putKey({ ask }: Vault, keys: Map<string, Uint8Array>): Promise<string> {
  const key = randomBytes(32)
  const content = { data: { key: key.toString('base64') } }
  // A mount that is new takes nothing for a moment.
  const { body } = await waitFor(
    () => ask('POST', dataPath, content).catch(() => undefined),
    PROGRAM_MS,
    () => 'Vault takes no key',
  )
  const id = `v${written.parse(body.data).version}`
  keys.set(id, key)
  return id
}

/** Has `version` sign, whichever is the newest; with undefined the newest. */
export async function namePrimary({ ask }: Vault, version: number | undefined): Promise<void> {
  const custom_metadata = version === undefined ? {} : { primary: String(version) }
  await ask('POST', `kv/metadata/${keyPath}`, { custom_metadata })
}

/** Deletes a version as `vault kv delete -versions` does. */
export async function deleteVersion({ ask }: Vault, version: number): Promise<void> {
  await ask('POST', `kv/delete/${keyPath}`, { versions: [version] })
}
