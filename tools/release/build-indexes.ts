// Builds both images for each platform, and joins the platforms of each image in one index, in a folder with the OCI image layout.
import { run } from '../cli/exec.ts'
import { buildImages } from '../images/build-images.ts'
import type { BundledPackage } from '../images/bundled-packages.ts'
import { createBuild } from '../images/image-builder.ts'
import {
  computeImageReferences,
  formatReference,
  type ImageReference,
} from '../images/image-references.ts'
import { joinPlatforms } from '../images/platform.ts'
import { joinImages, type LaidOutImage } from './oci-layout.ts'

export type BuiltIndex = ImageReference & { packages: BundledPackage[]; index: LaidOutImage }

/** The tag stands for all platforms, so `make deploy` finds it with the same TARGET_PLATFORM. */
export async function buildIndexes(input: {
  builder: 'podman' | 'buildah'
  layout: string
  platforms: readonly string[]
  prefix: string | undefined
  base: string
  /** Of each platform. */
  platformBases: readonly string[]
}): Promise<BuiltIndex[]> {
  const { builder, layout, platforms, prefix, base, platformBases } = input
  const build = createBuild(builder)
  const bundled: Partial<Record<ImageReference['name'], BundledPackage[]>> = {}
  for (const [at, platform] of platforms.entries()) {
    const nodeImage = platformBases[at]
    for (const image of await buildImages({ build, prefix, nodeImage, platform })) {
      const part = nameOf(image.name, platform)
      await run(builder, ['push', '--quiet', formatReference(image), `oci:${layout}:${part}`])
      bundled[image.name] = image.packages
    }
  }
  const platform = joinPlatforms(platforms)
  const references = await computeImageReferences({ prefix, nodeImage: base, platform })
  const indexes: BuiltIndex[] = []
  for (const reference of references) {
    const { name } = reference
    const parts = platforms.map((each) => nameOf(name, each))
    const index = await joinImages(layout, name, parts)
    indexes.push({ ...reference, index, packages: bundled[name] ?? [] })
  }
  return indexes
}

function nameOf(name: string, platform: string): string {
  return `${name}-${platform.replaceAll('/', '-')}`
}
