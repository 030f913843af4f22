// The image of examples/go. This machine's Go compiles it, because the node has no network and no Go.
import { join, relative } from 'node:path'
import { CHECKOUT } from '../../cli/checkout.ts'
import { hashSources } from '../../images/image-references.ts'
import { CACHE, IN_NODE, toNodePath } from '../paths.ts'
import { cached } from '../programs/cache.ts'
import { go } from '../programs/go.ts'
import { buildInNode } from './buildah.ts'
import type { ExampleRecipe } from './example-images.ts'

const sources = ['examples/go', 'clients/go']

export const goRecipe: ExampleRecipe = {
  reference: 'registry.example/shop:1.0',
  sources,
  build: async (node, reference) => {
    const folder = await cached(
      `programs/example-go-${await hashSources(sources)}`,
      async (target) => {
        await go(join(CHECKOUT, 'examples/go'), [
          'build',
          '-ldflags=-s',
          '-o',
          join(target, 'shop'),
          '.',
        ])
      },
    )
    await buildInNode(node, {
      reference,
      containerfile: toNodePath(join(import.meta.dirname, 'go-example.Containerfile')),
      context: IN_NODE.cache,
      buildArgs: { SHOP: relative(CACHE, folder) },
    })
  },
}
