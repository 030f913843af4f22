// make images: builds both images and prints their references.
// IMAGE_PREFIX, NODE_IMAGE: as for make deploy · PUSH=yes: push them, too · BUILDER: docker, podman or buildah, where it is not the
// first that is found.
import { run } from '../cli/exec.ts'
import { runMain, say, step, UserError } from '../cli/terminal.ts'
import { buildImages } from './build-images.ts'
import { builders, createBuild, findBuilder } from './image-builder.ts'
import { defaultPrefix, formatReference } from './image-references.ts'

await runMain(async () => {
  const { IMAGE_PREFIX: prefix, NODE_IMAGE: nodeImage, BUILDER: wanted, PUSH } = process.env
  const isLocal = !prefix || prefix === defaultPrefix
  if (isLocal && PUSH === 'yes') {
    throw new UserError(
      'IMAGE_PREFIX does not say where to push to',
      'make images IMAGE_PREFIX=registry/prefix PUSH=yes',
    )
  }
  const builder = await findBuilder(wanted || undefined, builders)
  const build = createBuild(builder)
  const references = (await buildImages({ build, prefix, nodeImage })).map(formatReference)
  for (const reference of references) process.stdout.write(`${reference}\n`)
  if (isLocal) return
  if (PUSH === 'yes') {
    for (const each of references) await step(`push ${each}`, () => run(builder, ['push', each]))
    say(`they are there for make deploy IMAGE_PREFIX=${prefix}`)
    return
  }
  say(`push them before make deploy IMAGE_PREFIX=${prefix}, or make images with PUSH=yes:`)
  for (const reference of references) say(`  ${builder} push ${reference}`)
})
