// The deployment with its keys in Vault, and afterwards as it was: with its Secret.
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { run } from '../../../cli/exec.ts'
import { readComponentResources } from '../../../deploy/components.ts'
import { kubectl } from '../../../deploy/kubectl.ts'
import { deleteSecret, saveSecret } from '../../faults/support/key-secret.ts'
import type { VaultPlace } from './vault-api.ts'

const program = resolve(import.meta.dirname, '../../../deploy/deploy.ts')

/** Deploys with the component and without any Secret. Returns what puts everything back. */
export async function deployWithVault(
  { host, port, authority }: VaultPlace,
  image: string,
): Promise<() => Promise<void>> {
  const putSecretBack = await saveSecret()
  await deleteSecret()
  const putBack = async () => {
    await putSecretBack()
    await deploy({ COMPONENTS: '' })
    await removeComponent()
  }
  await using folder = await mkdtempDisposable(join(tmpdir(), 'secure-signing-'))
  const file = join(folder.path, 'ca.pem')
  await writeFile(file, authority)
  await deploy({
    COMPONENTS: 'vault',
    VAULT_ADDR: `https://${host}:${port}`,
    VAULT_CACERT: file,
    VAULT_IMAGE: image,
  }).catch(async (error) => {
    await putBack()
    throw error
  })
  return putBack
}

async function deploy(env: Record<string, string>): Promise<void> {
  await run(process.execPath, [program], { env: { ...process.env, ...env } })
}

async function removeComponent(): Promise<void> {
  const all = await readComponentResources()
  const items = all.filter(({ metadata }) => /^(secure-signing-)?vault/.test(metadata.name))
  const list = { apiVersion: 'v1', kind: 'List', items }
  await kubectl(['delete', '--ignore-not-found', '-f', '-'], { input: JSON.stringify(list) })
}
