// The image of examples/flask, from its own Containerfile. Its base is Debian's Python, and its packages come from the cache.
import { join, relative } from 'node:path'
import { CHECKOUT, readText } from '../../cli/checkout.ts'
import type { Node } from '../node/node-process.ts'
import { CACHE, IN_NODE, toNodePath } from '../paths.ts'
import { cached, keyOf } from '../programs/cache.ts'
import { downloadWheels } from '../programs/wheels.ts'
import { buildInNode } from './buildah.ts'
import type { ExampleRecipe } from './example-images.ts'
import { buildPythonBase } from './root-file-systems.ts'

/** The version in Debian's release. */
const PYTHON = '3.11'
const BASE_IMAGE = `localhost/secure-signing/python:${PYTHON}`
/** What the example needs, and what builds the client. */
const requirements = ['examples/flask/requirements.txt', 'clients/python/build-requirements.txt']

export const flaskRecipe: ExampleRecipe = {
  reference: 'registry.example/orders:1.0',
  sources: ['examples/flask', 'clients/python'],
  build: async (node, reference) => {
    await buildBase(node)
    await buildInNode(node, {
      reference,
      containerfile: `${IN_NODE.source}/examples/flask/Containerfile`,
      context: IN_NODE.source,
      buildArgs: { PYTHON_IMAGE: BASE_IMAGE },
      mounts: { '/wheels': toNodePath(await fetchWheels()) },
    })
  },
}

async function buildBase(node: Node): Promise<void> {
  await buildInNode(node, {
    reference: BASE_IMAGE,
    containerfile: toNodePath(join(import.meta.dirname, 'python.Containerfile')),
    context: IN_NODE.cache,
    buildArgs: { BASE: relative(CACHE, await buildPythonBase()) },
  })
}

async function fetchWheels(): Promise<string> {
  const files = requirements.map((file) => join(CHECKOUT, file))
  const key = keyOf(PYTHON, ...(await Promise.all(files.map(readText))))
  return cached(`wheels/flask-${key}`, async (folder) => {
    for (const file of files) await downloadWheels(file, folder, PYTHON)
  })
}
