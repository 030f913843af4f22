// The images of frontend and signer of this checkout, as files for guests. The buildah of the local cluster's node builds them.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { stageContext } from '../../../tools/images/image-context.ts'
import { type ImageName, imageNames } from '../../../tools/images/image-references.ts'
import { buildRootFileSystems } from '../../../tools/local-cluster/images/root-file-systems.ts'
import { build, buildFromCache, provideBuildah, saveImage } from '../release/node-buildah.ts'

export type ImageFolder = {
  /** The references of frontend and signer, which are in `archives`. */
  references: Record<ImageName, string>
  /** Has a file in the format of `docker save` for each image. `ctr images import` reads it. */
  archives: string
  /** Builds another image from folders of the cache, and writes its archive. */
  add: (reference: string, containerfile: string, parts: Record<string, string>) => Promise<void>
  /** Writes the file system of an image into `folder`. */
  unpack: (reference: string, folder: string) => Promise<void>
}

/** Builds both images in `folder`, which is empty. */
export async function buildServiceImages(folder: string): Promise<ImageFolder> {
  const base = await provideBuildah(folder, await buildRootFileSystems())
  const buildah = join(folder, 'bin/buildah')
  const [archives, context] = [join(folder, 'archives'), join(folder, 'context')]
  await mkdir(archives)
  await stageContext(context)

  const archiveOf = (reference: string) =>
    join(archives, `${reference.replaceAll(/[/:]/g, '-')}.tar`)
  const save = (reference: string) => saveImage(buildah, reference, archiveOf(reference))

  const references = { frontend: '', signer: '' }
  for (const name of imageNames) {
    references[name] = `localhost/secure-signing/${name}:tested`
    const file = join(context, name, 'Containerfile')
    const args = ['--build-arg', `NODE_IMAGE=${base}`, '--tag', references[name], '--file', file]
    await run(buildah, [...build, ...args, context])
    await save(references[name])
  }
  return {
    references,
    archives,
    add: async (reference, path, parts) => {
      const containerfile = join(CHECKOUT, path)
      await buildFromCache(buildah, folder, { reference, containerfile, parts })
      await save(reference)
    },
    unpack: async (reference, target) => {
      await mkdir(target, { recursive: true })
      await run('sh', ['-euc', unpackLayers, 'sh', archiveOf(reference), target])
    },
  }
}

/** $1: an archive, $2: a folder. No image has a layer that deletes what another layer has. */
const unpackLayers = `
for layer in $(tar -xOf "$1" manifest.json | grep -oE '[0-9a-f]{64}[.]tar'); do
  tar -xOf "$1" "$layer" | tar -xpC "$2"
done
`
