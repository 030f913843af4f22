// The buildah of the local cluster's node, for tests without a cluster. Each call has its own mount namespace.
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { fixedTime } from '../../../tools/images/image-builder.ts'
import { fetchArm64Nodejs, fetchNodejs } from '../../../tools/local-cluster/images/nodejs.ts'
import {
  buildNodejsBase,
  type RootFileSystems,
} from '../../../tools/local-cluster/images/root-file-systems.ts'
import type { Image } from '../../../tools/local-cluster/images/system-images.ts'
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
mkdir -p ".$folder" ".$cache" var/lib/containers/cache etc/containers/registries.conf.d
cp "$folder"/registries/* etc/containers/registries.conf.d/
mount --bind "$folder" ".$folder"
mount --bind "$folder/blobs" var/lib/containers/cache
mount --bind -o ro "$cache" ".$cache"
mount --rbind /dev dev
mount -t proc proc proc
mount -t tmpfs run run
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
exec chroot . buildah --root "$folder/storage" --runroot /run/buildah "$@"
`

/** Puts a program `buildah` into `folder`/bin, and builds the base of the images with it. Returns the base by digest. */
export async function provideBuildah(
  folder: string,
  { nodeRoot, nodejsBase }: RootFileSystems,
): Promise<string> {
  const program = await installBuildah(folder, nodeRoot)
  const nodejs = await fetchNodejs()
  const repository = 'localhost/secure-signing/nodejs'
  await buildBase(program, folder, repository, { BASE: nodejsBase, NODEJS: nodejs.folder })
  const format = ['--format', '{{.Digest}}']
  return `${repository}@${(await run(program, ['images', ...format, repository])).trim()}`
}

/**
 * The same with a base for amd64 and arm64: an image index in the registry `host`, which buildah may use without TLS. Returns it by
 * digest.
 */
export async function provideBuildahWithIndex(
  folder: string,
  nodeRoot: string,
  host: string,
): Promise<string> {
  const conf = `[[registry]]\nlocation = "${host}"\ninsecure = true\n`
  const program = await installBuildah(folder, nodeRoot, conf)
  const amd64 = { BASE: await buildNodejsBase(), NODEJS: (await fetchNodejs()).folder }
  const arm64 = { BASE: await buildNodejsBase('arm64'), NODEJS: (await fetchArm64Nodejs()).folder }
  await run(program, ['manifest', 'create', 'base'])
  for (const [architecture, parts] of Object.entries({ amd64, arm64 })) {
    const image = `localhost/secure-signing/nodejs:${architecture}`
    await buildBase(program, folder, image, parts, ['--platform', `linux/${architecture}`])
    await run(program, ['manifest', 'add', 'base', image])
  }
  const digestFile = join(folder, 'base.digest')
  const push = ['manifest', 'push', '--all', '--quiet', '--digestfile', digestFile]
  await run(program, [...push, 'base', `docker://${host}/nodejs:24`])
  // The base comes from the registry, as for a user.
  await run(program, ['rmi', '--all', '--force'])
  return `${host}/nodejs@${(await readFile(digestFile, 'utf8')).trim()}`
}

/** Puts a program `buildah` into `folder`/bin, and returns its path. `registries`: its configuration. */
export async function installBuildah(
  folder: string,
  nodeRoot: string,
  registries = '',
): Promise<string> {
  for (const name of ['bin', 'blobs', 'storage', 'registries']) await mkdir(join(folder, name))
  await writeFile(join(folder, 'registries/test.conf'), registries)
  await writeFile(join(folder, 'enter.sh'), `set -eu\n${enter}`)
  const program = join(folder, 'bin/buildah')
  const words = ['unshare', '--mount', 'sh', join(folder, 'enter.sh'), nodeRoot, folder, CACHE]
  await writeFile(program, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`)
  await chmod(program, 0o755)
  return program
}

function buildBase(
  program: string,
  folder: string,
  reference: string,
  parts: Record<string, string>,
  options: readonly string[] = [],
): Promise<void> {
  const containerfile = join(CHECKOUT, 'tools/local-cluster/images/nodejs.Containerfile')
  return buildFromCache(program, folder, { reference, containerfile, parts }, options)
}

/** The first arguments of each build. */
export const build: readonly string[] = [
  ...['build', '--quiet', '--pull-never', '--isolation', 'chroot', ...fixedTime.buildah],
]

/** Builds an image from folders of the cache. buildah sees only the cache and `folder`. */
export async function buildFromCache(
  program: string,
  folder: string,
  { reference, containerfile, parts }: Image,
  options: readonly string[] = [],
): Promise<void> {
  const args = Object.entries(parts).flatMap(([name, path]) => [
    ...['--build-arg', `${name}=${relative(CACHE, path)}`],
  ])
  const file = join(folder, 'Containerfile')
  await cp(containerfile, file)
  await run(program, [...build, ...options, ...args, '--tag', reference, '--file', file, CACHE])
}

/** Writes an image in the format of `docker save`. Not compressed, because a guest unpacks slowly. */
export async function saveImage(program: string, reference: string, file: string): Promise<void> {
  await run(program, ['push', '--quiet', reference, `docker-archive:${file}:${reference}`])
}
