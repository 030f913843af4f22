// The CRDs of External Secrets, from its Go module. The version is fixed, and the hash is that of go.sum.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { run } from '../../../cli/exec.ts'
import { installCrds } from './crds.ts'

const source = {
  module: 'github.com/external-secrets/external-secrets',
  version: 'v1.3.2',
  sum: 'h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=',
}
const kinds = ['externalsecrets', 'secretstores']
const download = z.object({ Dir: z.string(), Sum: z.string() })

/** Installs ExternalSecret and SecretStore. Returns the function that removes them, with all their resources. */
export async function installExternalSecretsCrds(): Promise<() => Promise<void>> {
  return installCrds(await fetchFiles())
}

async function fetchFiles(): Promise<string[]> {
  const folder = join(await fetchModule(), 'config/crds/bases')
  return kinds.map((kind) => join(folder, `external-secrets.io_${kind}.yaml`))
}

async function fetchModule(): Promise<string> {
  const args = ['mod', 'download', '-json', `${source.module}@${source.version}`]
  // Outside of any module, so that Go needs no other modules.
  const env = { ...process.env, GOFLAGS: '', GOWORK: 'off' }
  const { Dir, Sum } = download.parse(JSON.parse(await run('go', args, { cwd: tmpdir(), env })))
  if (Sum === source.sum) return Dir
  throw new Error(`${source.module} ${source.version} has the hash ${Sum}, not ${source.sum}`)
}
