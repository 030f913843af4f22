// make images: builds both images, prints their references, and pushes them with PUSH=yes.
import { run } from '../cli/exec.ts'
import { readSwitch, readVariable } from '../cli/make-variables.ts'
import { runMain, say, step, UserError } from '../cli/terminal.ts'
import { checkBasePlatform } from './base-platform.ts'
import { buildImages } from './build-images.ts'
import { explaining } from './builder-errors.ts'
import { builders, createBuild, findBuilder } from './image-builder.ts'
import { defaultPrefix, formatReference } from './image-references.ts'
import { parsePlatform } from './platform.ts'

await runMain(async () => {
  const prefix = readVariable('IMAGE_PREFIX')
  const pushes = readSwitch('PUSH')
  const isLocal = !prefix || prefix === defaultPrefix
  if (isLocal && pushes) {
    throw new UserError(
      'IMAGE_PREFIX names no registry to push to',
      'Run `make images IMAGE_PREFIX=registry.example/team PUSH=yes`.',
    )
  }
  const builder = await findBuilder(readVariable('BUILDER'), builders)
  const build = createBuild(builder)
  const nodeImage = readVariable('NODE_IMAGE')
  const platform = parsePlatform(readVariable('TARGET_PLATFORM'))
  const built = await buildImages({ build, prefix, nodeImage, platform })
  await checkBasePlatform(builder, nodeImage, platform)
  const references = built.map(formatReference)
  for (const reference of references) process.stdout.write(`${reference}\n`)
  if (isLocal) return
  if (pushes) {
    for (const reference of references) {
      const attempt = { builder, reference, variable: 'IMAGE_PREFIX' } as const
      const push = () => explaining(attempt, () => run(builder, ['push', reference]))
      await step(`push ${reference}`, push)
    }
    say(`To deploy them, run \`make deploy IMAGE_PREFIX=${prefix}\`.`)
    return
  }
  say(`Push the images before \`make deploy IMAGE_PREFIX=${prefix}\`, or build them with PUSH=yes:`)
  for (const reference of references) say(`  ${builder} push ${reference}`)
})
