// make images: builds both images and prints their references.
// IMAGES, NODE_IMAGE: as for make deploy · BUILDER: docker, podman or buildah, where it is not the first that is found.
import { runMain, say } from '../cli/terminal.ts'
import { buildImages } from './build-images.ts'
import { builders, createBuild, findBuilder } from './image-builder.ts'
import { defaultPrefix, formatReference } from './image-references.ts'

await runMain(async () => {
  const { IMAGES: prefix, NODE_IMAGE: nodeImage, BUILDER: wanted } = process.env
  const builder = await findBuilder(wanted || undefined, builders)
  const build = createBuild(builder)
  const references = (await buildImages({ build, prefix, nodeImage })).map(formatReference)
  for (const reference of references) process.stdout.write(`${reference}\n`)
  if (!prefix || prefix === defaultPrefix) return
  say('push them before `make deploy IMAGES=…`:')
  for (const reference of references) say(`  ${builder} push ${reference}`)
})
