// The deployment with its keys in Vault, and afterwards as it was: with its Secret.
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deleteSecret } from '../../../tools/verify/faults/support/key-secret.ts'
import { deploy, saveDeployment } from '../../support/cluster/deployment.ts'
import type { VaultPlace } from './vault-api.ts'

/** Deploys with the component and without any Secret. Returns what puts everything back. */
export async function deployWithVault(
  { host, port, authority }: VaultPlace,
  image: string,
): Promise<() => Promise<void>> {
  const putBack = await saveDeployment(/^(secure-signing-)?vault/)
  await deleteSecret()
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
