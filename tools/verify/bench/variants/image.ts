// The images of the frontend's variants, from the frontend's own Containerfile. Only the node of the local cluster gets them.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../../cli/checkout.ts'
import { stageService } from '../../../images/image-context.ts'
import { hashSources, ownFolders } from '../../../images/image-references.ts'
import { buildInNode, exportImage } from '../../../local-cluster/images/buildah.ts'
import { importImage, isImported } from '../../../local-cluster/images/containerd.ts'
import type { Node } from '../../../local-cluster/node/node-process.ts'
import { IN_NODE, STATE, toNodePath } from '../../../local-cluster/paths.ts'
import type { Variant } from './variant.ts'

const FOLDER = 'tools/verify/bench/variants'
const context = join(CHECKOUT, '.deploy/bench')

/** Builds the image if the node lacks it. `nodeImage`: the frontend's base image. Returns its reference. */
export async function provideImage(
  { name }: Variant,
  node: Node,
  nodeImage: string,
): Promise<string> {
  const sources = ['package-lock.json', 'runtime', 'tools/images', ...ownFolders.frontend, FOLDER]
  const tag = await hashSources(sources, { NODE_IMAGE: nodeImage })
  const reference = `localhost/only-for-make-bench/${name}-frontend:${tag}`
  if (await isImported(reference, reference)) return reference
  await rm(context, { recursive: true, force: true })
  await stageService('frontend', context, {
    input: join(FOLDER, `${name}.ts`),
    folders: [...ownFolders.frontend, FOLDER],
  })
  await buildInNode(node, {
    reference,
    containerfile: toNodePath(join(context, 'frontend/Containerfile')),
    context: toNodePath(context),
    buildArgs: { NODE_IMAGE: nodeImage },
  })
  const file = 'bench.oci'
  const archive = `${IN_NODE.state}/${file}`
  await exportImage(node, reference, archive)
  await importImage(node, reference, reference, archive)
  await Promise.all([context, join(STATE, file)].map((each) => rm(each, { recursive: true })))
  return reference
}
