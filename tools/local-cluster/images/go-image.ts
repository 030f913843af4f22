// The image of examples/go. This machine's Go compiles the program, which is linked statically and needs no base image.
import { join, relative } from 'node:path'
import { CHECKOUT } from '../../cli/checkout.ts'
import { run } from '../../cli/exec.ts'
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
  build: async (node, reference) =>
    buildInNode(node, {
      reference,
      containerfile: toNodePath(join(import.meta.dirname, 'go.Containerfile')),
      context: IN_NODE.cache,
      buildArgs: { PROGRAM: relative(CACHE, await compile()) },
    }),
}

/** Returns a folder of the cache with the program. */
async function compile(): Promise<string> {
  const key = await hashSources(sources, { GO: await run('go', ['version']) })
  return cached(`programs/example-go-${key}`, async (folder) => {
    const args = ['build', '-ldflags=-s', '-o', join(folder, 'shop'), '.']
    await go(join(CHECKOUT, 'examples/go'), args)
  })
}
