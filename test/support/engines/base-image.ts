// The base of the images in the registry, for two platforms under one name, as the public one is. It replaces the public one,
// because tests reach no public registry.
import { join, relative } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { fixedTime } from '../../../tools/images/image-builder.ts'
import { fetchArm64Nodejs, fetchNodejs } from '../../../tools/local-cluster/images/nodejs.ts'
import { buildNodejsBase } from '../../../tools/local-cluster/images/root-file-systems.ts'
import { CACHE } from '../../../tools/local-cluster/paths.ts'
import type { Engine } from './engines.ts'
import { REGISTRY } from './registry.ts'

export const BASE = `${REGISTRY}/base/nodejs:24`
/** The base for amd64 alone, as a copy that somebody made on such a machine. */
export const AMD64_BASE = `${REGISTRY}/copied/nodejs:24`

/** Builds and pushes both. */
export async function pushBases(podman: Engine): Promise<void> {
  const parts = {
    amd64: { BASE: await buildNodejsBase(), NODEJS: (await fetchNodejs()).folder },
    arm64: { BASE: await buildNodejsBase('arm64'), NODEJS: (await fetchArm64Nodejs()).folder },
  }
  const containerfile = join(CHECKOUT, 'tools/local-cluster/images/nodejs.Containerfile')
  for (const [architecture, folders] of Object.entries(parts)) {
    const args = Object.entries(folders).map(([name, path]) => `${name}=${relative(CACHE, path)}`)
    await podman.run(
      ...['build', '--quiet', '--platform', `linux/${architecture}`, ...fixedTime.podman],
      ...args.flatMap((arg) => ['--build-arg', arg]),
      ...['--tag', `localhost/base:${architecture}`, '--manifest', BASE],
      ...['--file', containerfile, CACHE],
    )
  }
  await podman.run('manifest', 'push', '--all', BASE, `docker://${BASE}`)
  await podman.run('push', 'localhost/base:amd64', AMD64_BASE)
}
