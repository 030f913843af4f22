// The images of frontend and signer for the local cluster: built by the node's buildah, imported if their content is new.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { buildImages } from '../../images/build-images.ts'
import { computeImageReferences, formatReference } from '../../images/image-references.ts'
import type { Ingredients } from '../ingredients.ts'
import type { Node } from '../node/node-process.ts'
import { IN_NODE, STATE, toNodePath } from '../paths.ts'
import { buildInNode, exportImage } from './buildah.ts'
import { importImage, isImported } from './containerd.ts'
import { nameNodejsImage, provideNodejsImage } from './system-images.ts'

const EXPORTS = 'exports'

export async function provideAppImages(node: Node, ingredients: Ingredients): Promise<void> {
  const nodeImage = nameNodejsImage(ingredients)
  const references = (await computeImageReferences({ nodeImage })).map(formatReference)
  // The tag is a hash of the content, so it identifies the content.
  const present = await Promise.all(references.map((each) => isImported(each, each)))
  if (present.every(Boolean)) return
  await provideNodejsImage(node, ingredients)
  await mkdir(join(STATE, EXPORTS), { recursive: true })
  await buildImages({
    nodeImage,
    build: async ({ reference, containerfile, context, baseImage = nodeImage }) => {
      await buildInNode(node, {
        reference,
        containerfile: toNodePath(containerfile),
        context: toNodePath(context),
        buildArgs: { NODE_IMAGE: baseImage },
      })
      const archive = `${IN_NODE.state}/${EXPORTS}/${encodeURIComponent(reference)}.oci`
      await exportImage(node, reference, archive)
      await importImage(node, reference, reference, archive)
    },
  })
  await rm(join(STATE, EXPORTS), { recursive: true })
}
