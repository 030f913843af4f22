// Compares what is in an image with the platform that it claims to be for. A builder trusts the base image.
import { UserError } from '../cli/terminal.ts'
import { readArchitecture } from '../images/platform.ts'
import type { ImageContents } from './image-contents.ts'
import type { PlatformImage } from './oci-layout.ts'

/** Throws UserError if the image, its Node.js or a Debian package is for another architecture than `wanted`. */
export function checkArchitecture(
  wanted: string,
  { platform }: Pick<PlatformImage, 'platform'>,
  { node, packages }: ImageContents,
): void {
  const architecture = readArchitecture(wanted)
  const others = [
    ...[{ what: 'the image', is: platform.architecture }],
    ...(node?.architecture === undefined ? [] : [{ what: 'Node.js', is: node.architecture }]),
    ...packages.map((each) => ({ what: each.name, is: toGo(each.architecture) })),
  ].filter(({ is }) => is !== architecture && is !== 'all')
  const [first] = others
  if (first === undefined) return
  throw new UserError(
    `the base image is not for ${wanted}: ${first.what} is for ${first.is}`,
    'Let NODE_IMAGE name an image index by its digest, which has every platform. Or choose one: TARGET_PLATFORM=linux/amd64.',
  )
}

/** Debian has its own names for some. */
function toGo(architecture: string): string {
  return (
    { i386: '386', ppc64el: 'ppc64le', armhf: 'arm', armel: 'arm' }[architecture] ?? architecture
  )
}
