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

/** The platforms of a release. Nothing runs while an image is built, so one machine builds for all of them. */
export const releasePlatforms: readonly string[] = ['linux/amd64', 'linux/arm64']

/** Returns `given`, which is TARGET_PLATFORM. Throws UserError if it is not one platform. */
export function parsePlatform(given: string | undefined): string | undefined {
  const [platform, ...others] = parsePlatforms(given)
  if (others.length === 0) return platform
  throw new UserError(
    `TARGET_PLATFORM=${given} names several platforms`,
    'Give one platform. Only `make release` builds images for several.',
  )
}

/** Returns the platforms in `given`, which is TARGET_PLATFORM: one, or several with commas. Sorted, so that the order does not matter. */
export function parsePlatforms(given = ''): string[] {
  if (given === '') return []
  const platforms = [...new Set(given.split(','))].sort()
  if (platforms.every((each) => /^linux\/[a-z0-9]+(\/v\d)?$/.test(each))) return platforms
  throw new UserError(
    `TARGET_PLATFORM=${given} is not a platform`,
    'Give a platform, for example linux/amd64 or linux/arm64.',
  )
}

/** The platforms as the tag of an image stands for them. */
export function joinPlatforms(platforms: readonly string[]): string | undefined {
  return platforms.length === 0 ? undefined : platforms.join(',')
}

/** Returns "arm64" for "linux/arm64/v8". */
export function readArchitecture(platform: string): string {
  return platform.split('/')[1] ?? platform
}
