// External Secrets' own CRDs, out of its Go module: by version, and proven by the module's hash, as go.sum has it.
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

/** Has the API server know ExternalSecret and SecretStore. Returns what has it forget them again, and all of them. */
export async function installExternalSecretsCrds(): Promise<() => Promise<void>> {
  return installCrds(await fetchFiles())
}

async function fetchFiles(): Promise<string[]> {
  const folder = join(await fetchModule(), 'config/crds/bases')
  return kinds.map((kind) => join(folder, `external-secrets.io_${kind}.yaml`))
}

async function fetchModule(): Promise<string> {
  const args = ['mod', 'download', '-json', `${source.module}@${source.version}`]
  // Outside of any module, or Go would ask for what that one requires.
  const env = { ...process.env, GOFLAGS: '', GOWORK: 'off' }
  const { Dir, Sum } = download.parse(JSON.parse(await run('go', args, { cwd: tmpdir(), env })))
  if (Sum === source.sum) return Dir
  throw new Error(`${source.module} ${source.version} has the hash ${Sum}, not ${source.sum}`)
}
