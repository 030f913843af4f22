// The CRDs of External Secrets, from its Go module. The version is fixed, and the hash is that of go.sum.
import { join } from 'node:path'
import { fetchGoModule, type GoModule } from '../../../local-cluster/programs/go-module.ts'
import { installCrds } from './crds.ts'

const newest = { version: 'v1.3.2', sum: 'h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=' }
const kinds = ['externalsecrets', 'secretstores']

/** Installs ExternalSecret and SecretStore. Returns the function that removes them, with all their resources. */
export async function installExternalSecretsCrds(version = newest): Promise<() => Promise<void>> {
  return installCrds(await fetchExternalSecretsCrds(version))
}

/** Returns the files of both kinds. */
export async function fetchExternalSecretsCrds(
  version: Pick<GoModule, 'version' | 'sum'>,
): Promise<string[]> {
  const module = 'github.com/external-secrets/external-secrets'
  const folder = join(await fetchGoModule({ module, ...version }), 'config/crds/bases')
  return kinds.map((kind) => join(folder, `external-secrets.io_${kind}.yaml`))
}
