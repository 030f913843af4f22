// make release: builds both images for every platform, with bills of materials, a provenance for each, and manifests that name them.
// Prints their names with digests. The same commit, base image and builder give the same digests.
import { hash } from 'node:crypto'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CHECKOUT, readText } from '../cli/checkout.ts'
import { run } from '../cli/exec.ts'
import { readVariable } from '../cli/make-variables.ts'
import { runMain, say, step, UserError } from '../cli/terminal.ts'
import { findBuilder } from '../images/image-builder.ts'
import { parsePlatforms, releasePlatforms } from '../images/platform.ts'
import { describeImage } from './bill-of-materials.ts'
import { buildIndexes } from './build-indexes.ts'
import { readContents } from './image-contents.ts'
import { checkArchitecture } from './machine.ts'
import { writeManifests } from './manifests.ts'
import { findPlatformBases } from './platform-base.ts'
import { stateProvenance } from './provenance.ts'
import { readCommit } from './source-state.ts'

/** SLSA requires a URI. This one says that nobody vouches for the build machine. */
const NOBODY = 'urn:secure-signing:nobody-vouches-for-the-machine'

await runMain(async () => {
  const base = checkBase(readVariable('NODE_IMAGE'))
  const out = resolve(readVariable('OUT') ?? join(CHECKOUT, '.deploy/release'))
  await checkEmpty(out)
  const builderId = checkBuilderId(readVariable('BUILDER_ID') ?? NOBODY)
  const given = parsePlatforms(readVariable('TARGET_PLATFORM'))
  const platforms = given.length === 0 ? releasePlatforms : given
  const builder = await findBuilder(readVariable('BUILDER'), ['podman', 'buildah'])
  const commit = await readCommit(CHECKOUT)
  const lockfile = hash('sha256', await readText('package-lock.json'))
  const versions = {
    [builder]: (await run(builder, ['--version'])).trim(),
    node: process.versions.node,
  }
  const startedOn = new Date()
  const layout = join(out, 'images')
  await mkdir(layout, { recursive: true })
  const prefix = readVariable('IMAGE_PREFIX')
  const platformBases = await findPlatformBases(builder, base, platforms)
  const images = await buildIndexes({ builder, layout, platforms, prefix, base, platformBases })
  for (const { name, packages, repository, tag, index } of images) {
    await step(`bills of materials and provenance of ${name}`, async () => {
      for (const [at, image] of index.images.entries()) {
        const platform = platforms[at] ?? ''
        const contents = await readContents(image.layers)
        checkArchitecture(platform, image, contents)
        const { digest } = image
        const bases = { base: platformBases[at] ?? base }
        const bill = describeImage({ repository, digest, ...bases, packages, contents })
        await write(
          out,
          `${name}-${platform.slice('linux/'.length).replace('/', '-')}.cdx.json`,
          bill,
        )
      }
      const digests = [index.digest, ...index.images.map(({ digest }) => digest)]
      const builtBy = { id: builderId, versions }
      const build = {
        platforms,
        base,
        platformBases,
        commit,
        lockfile,
        builder: builtBy,
        startedOn,
      }
      const image = { repository, tag, digests }
      const statement = stateProvenance({ ...build, image, finishedOn: new Date() })
      await write(out, `${name}.intoto.json`, statement)
    })
  }
  await step('manifests', () => writeManifests(join(out, 'manifests'), images))
  for (const { repository, index } of images) {
    process.stdout.write(`${repository}@${index.digest}\n`)
  }
  say(`The files are in ${out}. docs/hardening.md describes how to push, sign and verify them.`)
})

/** A release needs a digest, because a tag can move to another image. */
function checkBase(nodeImage: string | undefined): string {
  if (nodeImage && /^[^@\s]+@sha256:[0-9a-f]{64}$/.test(nodeImage)) return nodeImage
  throw new UserError(
    nodeImage ? `NODE_IMAGE=${nodeImage} has no digest` : 'NODE_IMAGE is not set',
    'Give the base image with its digest: NODE_IMAGE=repository@sha256:…',
  )
}

function checkBuilderId(id: string): string {
  if (URL.canParse(id)) return id
  throw new UserError(
    `BUILDER_ID=${id} is not a URI`,
    'Give a URI that names the machine or service.',
  )
}

async function checkEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  if (names.length === 0) return
  throw new UserError(`${folder} is not empty`, 'Remove it, or give another folder: OUT=folder')
}

async function write(folder: string, name: string, document: object): Promise<void> {
  await writeFile(join(folder, name), `${JSON.stringify(document, undefined, 2)}\n`)
}
