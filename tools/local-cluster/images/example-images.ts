// The images of examples/ on the local cluster, by the names in their manifests. Tests and `make example-images` ask for them.
// `make up` does not.
import { join } from 'node:path'
import { UserError } from '../../cli/terminal.ts'
import { hashSources } from '../../images/image-references.ts'
import { findNode, type Node } from '../node/node-process.ts'
import { toNodePath } from '../paths.ts'
import { cached } from '../programs/cache.ts'
import { exportImage } from './buildah.ts'
import { importImage } from './containerd.ts'
import { flaskRecipe } from './flask-image.ts'
import { goRecipe } from './go-image.ts'
import { receiverRecipe, senderRecipe } from './webhook-images.ts'

/** `sources`: what the image is built from, as paths in the checkout. `build`: builds it in the node's buildah. */
export type ExampleRecipe = {
  /** Its name in the manifests. */
  reference: string
  sources: readonly string[]
  build: (node: Node, reference: string) => Promise<void>
}

const recipes = {
  flask: flaskRecipe,
  go: goRecipe,
  'webhook-sender': senderRecipe,
  'webhook-receiver': receiverRecipe,
} satisfies Record<string, ExampleRecipe>
export type ExampleName = keyof typeof recipes
export const exampleNames = Object.keys(recipes) as ExampleName[]

/** Builds the image if the cache lacks it, and imports it if the node lacks it. Returns its reference. Throws UserError. */
export async function provideExampleImage(name: ExampleName): Promise<string> {
  const node = await findNode()
  if (node === undefined) {
    throw new UserError('the local cluster does not run', 'Run `make up`, and then this again.')
  }
  const { reference, sources, build } = recipes[name]
  const content = await hashSources([...sources, 'tools/local-cluster/images'])
  const folder = await cached(`images/example-${name}-${content}`, async (target) => {
    await build(node, reference)
    await exportImage(node, reference, toNodePath(join(target, 'image.oci')))
  })
  await importImage(node, reference, content, toNodePath(join(folder, 'image.oci')))
  return reference
}
