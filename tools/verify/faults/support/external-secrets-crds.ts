// The CRDs of External Secrets, from its Go module. The version is fixed, and the hash is that of go.sum.
import { join } from 'node:path'
import { fetchGoModule } from '../../../local-cluster/programs/go-module.ts'
import { installCrds } from './crds.ts'

const source = {
  module: 'github.com/external-secrets/external-secrets',
  version: 'v1.3.2',
  sum: 'h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=',
}
const kinds = ['externalsecrets', 'secretstores']

/** Installs ExternalSecret and SecretStore. Returns the function that removes them, with all their resources. */
export async function installExternalSecretsCrds(): Promise<() => Promise<void>> {
  return installCrds(await fetchFiles())
}

async function fetchFiles(): Promise<string[]> {
  const folder = join(await fetchGoModule(source), 'config/crds/bases')
  return kinds.map((kind) => join(folder, `external-secrets.io_${kind}.yaml`))
}
