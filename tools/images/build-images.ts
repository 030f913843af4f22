// Builds both images. `make images` uses the builder of the user, and the local cluster uses its own.
import { join } from 'node:path'
import { CHECKOUT } from '../cli/checkout.ts'
import { step } from '../cli/terminal.ts'
import type { BundledPackage } from './bundled-packages.ts'
import type { BuildImage } from './image-builder.ts'
import { stageContext } from './image-context.ts'
import { computeImageReferences, formatReference, type ImageReference } from './image-references.ts'

export type BuiltImage = ImageReference & { packages: BundledPackage[] }

const contextFolder = join(CHECKOUT, '.deploy/context')

/**
 * Prepares the build context, and builds frontend and signer. The tag of an image is a hash of its content. `prefix` is a
 * registry with a path, by default "localhost/secure-signing". `nodeImage` is the base image, by default the Containerfile's.
 * `platform` is the images', by default this machine's.
 */
export async function buildImages(input: {
  build: BuildImage
  prefix?: string | undefined
  nodeImage?: string | undefined
  platform?: string | undefined
}): Promise<BuiltImage[]> {
  const references = await computeImageReferences(input)
  const packages = await stageContext(contextFolder)
  for (const image of references) {
    const reference = formatReference(image)
    await step(`image ${reference}`, () =>
      input.build({
        reference,
        containerfile: join(contextFolder, image.name, 'Containerfile'),
        context: contextFolder,
        baseImage: input.nodeImage,
        platform: input.platform,
      }),
    )
  }
  return references.map((image) => ({ ...image, packages: packages[image.name] }))
}
