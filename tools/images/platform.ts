// The platform of an image: operating system and CPU architecture, as registries and nodes name them.
import { UserError } from '../cli/terminal.ts'

/** The architectures that Node's base image exists for, by Node's own name. */
const architectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  ppc64: 'ppc64le',
  s390x: 's390x',
}

/** The platform of this machine. A builder builds for it by default. */
export const machinePlatform = `linux/${architectures[process.arch] ?? process.arch}`

/** Returns `given`, which is TARGET_PLATFORM. Throws UserError if it is not a platform. */
export function parsePlatform(given: string | undefined): string | undefined {
  if (given === undefined || given === '') return undefined
  if (/^linux\/[a-z0-9]+(\/v\d)?$/.test(given)) return given
  throw new UserError(
    `TARGET_PLATFORM=${given} is not a platform`,
    'Give one platform, for example linux/amd64 or linux/arm64.',
  )
}

/** Returns "arm64" for "linux/arm64/v8". */
export function readArchitecture(platform: string): string {
  return platform.split('/')[1] ?? platform
}
