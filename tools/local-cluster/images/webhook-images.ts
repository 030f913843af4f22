// The images of examples/webhooks: Node and Debian's libraries as in our own images, and the application with its packages from npm.
import { copyFile, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { CHECKOUT } from '../../cli/checkout.ts'
import { run } from '../../cli/exec.ts'
import { hashSources } from '../../images/image-references.ts'
import { CACHE, IN_NODE, toNodePath } from '../paths.ts'
import { cached } from '../programs/cache.ts'
import { buildInNode } from './buildah.ts'
import type { ExampleRecipe } from './example-images.ts'
import { fetchNodejs } from './nodejs.ts'
import { buildNodejsBase } from './root-file-systems.ts'

const examples = 'examples/webhooks'
const clientSources = ['client', 'tsconfig.json']
const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--silent']

export const senderRecipe = recipeOf('sender', { usesClient: true })
export const receiverRecipe = recipeOf('receiver', { usesClient: false })

function recipeOf(name: string, { usesClient }: { usesClient: boolean }): ExampleRecipe {
  const sources = [`${examples}/${name}`, ...(usesClient ? clientSources : [])]
  return {
    reference: `registry.example/webhook-${name}:1.0`,
    sources,
    build: async (node, reference) => {
      const key = await hashSources(sources)
      const application = await cached(`programs/webhook-${name}-${key}`, (folder) =>
        install(name, usesClient, folder),
      )
      const parts = {
        BASE: await buildNodejsBase(),
        NODEJS: (await fetchNodejs()).folder,
        APPLICATION: application,
      }
      await buildInNode(node, {
        reference,
        containerfile: toNodePath(join(import.meta.dirname, 'webhooks.Containerfile')),
        context: IN_NODE.cache,
        buildArgs: Object.fromEntries(
          Object.entries(parts).map(([part, folder]) => [part, relative(CACHE, folder)]),
        ),
      })
    },
  }
}

/** Does in `folder` what the first stage of the Containerfile does. */
export async function install(name: string, usesClient: boolean, folder: string): Promise<void> {
  for (const file of ['package.json', 'package-lock.json', 'app.js']) {
    await copyFile(join(CHECKOUT, examples, name, file), join(folder, file))
  }
  await run('npm', ['ci', ...quietly], { cwd: folder })
  if (!usesClient) return
  const pack = ['pack', '--silent', '--pack-destination', folder]
  const packed = await run('npm', pack, { cwd: join(CHECKOUT, 'client') })
  await run('npm', ['install', '--no-save', ...quietly, `./${packed.trim()}`], { cwd: folder })
  await rm(join(folder, packed.trim()))
}
