// Builds both images: for `make images` with the user's builder, for the local cluster with its own.
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
 * Stages the build context and builds frontend and signer, tagged by their content. `prefix` is a registry with a
 * path, default "localhost/secure-signing"; `nodeImage` the base image, default the Containerfile's.
 */
export async function buildImages(input: {
  build: BuildImage
  prefix?: string | undefined
  nodeImage?: string | undefined
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
      }),
    )
  }
  return references.map((image) => ({ ...image, packages: packages[image.name] }))
}
