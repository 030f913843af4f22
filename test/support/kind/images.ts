// Builds images without an engine or a registry, from folders of the cache.
import { copyFile, mkdir, mkdtempDisposable, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { run } from '../../../tools/cli/exec.ts'
import { fixedTime } from '../../../tools/images/image-builder.ts'
import type { Image } from '../../../tools/local-cluster/images/system-images.ts'
import { CACHE } from '../../../tools/local-cluster/paths.ts'
import { installBuildah } from '../release/node-buildah.ts'

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
  for (const [index, { reference, containerfile, parts, target }] of images.entries()) {
    // buildah sees only the temporary folder and the cache.
    const file = join(temporary.path, 'Containerfile')
    const archive = join(temporary.path, 'archive.tar')
    await copyFile(containerfile, file)
    await run(buildah, [
      ...['build', '--quiet', '--pull-never', '--isolation', 'chroot', ...fixedTime.buildah],
      ...Object.entries(parts).flatMap(([name, part]) => [
        ...['--build-arg', `${name}=${relative(CACHE, part)}`],
      ]),
      ...(target === undefined ? [] : ['--target', target]),
      ...['--tag', reference, '--file', file, CACHE],
    ])
    await run(buildah, ['push', '--quiet', reference, `docker-archive:${archive}:${reference}`])
    await copyFile(archive, join(folder, `${index}.tar`))
    await rm(archive)
  }
}
