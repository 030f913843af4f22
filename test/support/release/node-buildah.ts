// The buildah of the local cluster's node, for tests without a cluster. Each call has its own mount namespace.
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { fixedTime } from '../../../tools/images/image-builder.ts'
import { fetchNodejs } from '../../../tools/local-cluster/images/nodejs.ts'
import type { RootFileSystems } from '../../../tools/local-cluster/images/root-file-systems.ts'
import { CACHE } from '../../../tools/local-cluster/paths.ts'

/** $1: the root. $2 and $3: a folder and the cache, under their own paths. The rest are buildah's arguments. */
const enter = `
root=$1 folder=$2 cache=$3
shift 3
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
cd /mnt
mkdir lower upper work merged
mount --bind "$root" lower
mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work node merged
cd merged
mkdir -p ".$folder" ".$cache" var/lib/containers/cache
mount --bind "$folder" ".$folder"
mount --bind "$folder/blobs" var/lib/containers/cache
mount --bind -o ro "$cache" ".$cache"
mount --rbind /dev dev
mount -t proc proc proc
mount -t tmpfs run run
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
exec chroot . buildah --root "$folder/storage" --runroot /run/buildah "$@"
`

/** Puts a program `buildah` into `folder`/bin, and returns its path. */
export async function installBuildah(folder: string, nodeRoot: string): Promise<string> {
  for (const name of ['bin', 'blobs', 'storage']) await mkdir(join(folder, name))
  await writeFile(join(folder, 'enter.sh'), `set -eu\n${enter}`)
  const program = join(folder, 'bin/buildah')
  const words = ['unshare', '--mount', 'sh', join(folder, 'enter.sh'), nodeRoot, folder, CACHE]
  await writeFile(program, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`)
  await chmod(program, 0o755)
  return program
}

/** Puts a program `buildah` into `folder`/bin, and builds the base of the images with it. Returns the base by digest. */
export async function provideBuildah(
  folder: string,
  { nodeRoot, nodejsBase }: RootFileSystems,
): Promise<string> {
  const nodejs = await fetchNodejs()
  const program = await installBuildah(folder, nodeRoot)
  const containerfile = join(CHECKOUT, 'tools/local-cluster/images/nodejs.Containerfile')
  const parts = { BASE: nodejsBase, NODEJS: nodejs.folder }
  const args = Object.entries(parts).flatMap(([name, path]) => [
    ...['--build-arg', `${name}=${path.slice(CACHE.length + 1)}`],
  ])
  const repository = 'localhost/secure-signing/nodejs'
  const build = ['build', '--quiet', '--pull-never', '--isolation', 'chroot', ...fixedTime.buildah]
  const file = join(folder, 'base.Containerfile')
  await cp(containerfile, file)
  await run(program, [...build, ...args, '--tag', repository, '--file', file, CACHE])
  const format = ['--format', '{{.Digest}}']
  return `${repository}@${(await run(program, ['images', ...format, repository])).trim()}`
}
