// Builds images without an engine or a registry, from folders of the cache.
import { copyFile, mkdir, mkdtempDisposable, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Image } from '../../../tools/local-cluster/images/system-images.ts'
import { buildFromCache, installBuildah, saveImage } from '../release/node-buildah.ts'

/** `target`: a stage of the Containerfile. The last by default. */
export type Wanted = Image & { target?: string }

/** Writes the images as 0.tar, 1.tar and so on into `folder`, in Docker's format. `nodeRoot` has buildah. */
export async function buildArchives(
  images: readonly Wanted[],
  folder: string,
  nodeRoot: string,
): Promise<void> {
  await using temporary = await mkdtempDisposable(join(tmpdir(), 'secure-signing-'))
  const buildah = await installBuildah(temporary.path, nodeRoot)
  await mkdir(folder, { recursive: true })
  const archive = join(temporary.path, 'archive.tar')
  for (const [index, { target, ...image }] of images.entries()) {
    const options = target === undefined ? [] : ['--target', target]
    await buildFromCache(buildah, temporary.path, image, options)
    await saveImage(buildah, image.reference, archive)
    await copyFile(archive, join(folder, `${index}.tar`))
    await rm(archive)
  }
}
