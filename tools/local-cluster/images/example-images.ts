// The images of examples/ on the local cluster. Tests and `make example-images` ask for them. `make up` does not.
import { join } from 'node:path'
import { UserError } from '../../cli/terminal.ts'
import { defaultPrefix, hashSources } from '../../images/image-references.ts'
import { findNode, type Node } from '../node/node-process.ts'
import { toNodePath } from '../paths.ts'
import { cached } from '../programs/cache.ts'
import { exportImage } from './buildah.ts'
import { importImage } from './containerd.ts'
import { flaskRecipe } from './flask-image.ts'

/** `sources`: what the image is built from, as paths in the checkout. `build`: builds it in the node's buildah. */
export type ExampleRecipe = {
  sources: readonly string[]
  build: (node: Node, reference: string) => Promise<void>
}

const recipes = { flask: flaskRecipe } satisfies Record<string, ExampleRecipe>
export type ExampleName = keyof typeof recipes
export const exampleNames = Object.keys(recipes) as ExampleName[]

/** Builds the image if the cache lacks it, and imports it if the node lacks it. Returns its reference. Throws UserError. */
export async function provideExampleImage(name: ExampleName): Promise<string> {
  const node = await findNode()
  if (node === undefined) {
    throw new UserError('the local cluster does not run', 'Run `make up`, and then this again.')
  }
  const { sources, build } = recipes[name]
  // The tag is a hash of the content, so it identifies the content.
  const tag = await hashSources([...sources, 'tools/local-cluster/images'])
  const reference = `${defaultPrefix}/example-${name}:${tag}`
  const folder = await cached(`images/example-${name}-${tag}`, async (target) => {
    await build(node, reference)
    await exportImage(node, reference, toNodePath(join(target, 'image.oci')))
  })
  await importImage(node, reference, reference, toNodePath(join(folder, 'image.oci')))
  return reference
}
