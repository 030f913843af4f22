// make release: builds both images, with a bill of materials and a provenance for each. Prints their names with digests. The
// same commit, base image and builder give the same digests.
import { hash } from 'node:crypto'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CHECKOUT, readText } from '../cli/checkout.ts'
import { run } from '../cli/exec.ts'
import { readVariable } from '../cli/make-variables.ts'
import { runMain, say, step, UserError } from '../cli/terminal.ts'
import { buildImages } from '../images/build-images.ts'
import { createBuild, findBuilder } from '../images/image-builder.ts'
import { formatReference } from '../images/image-references.ts'
import { parsePlatform } from '../images/platform.ts'
import { describeImage } from './bill-of-materials.ts'
import { readContents } from './image-contents.ts'
import { readLayout } from './oci-layout.ts'
import { stateProvenance } from './provenance.ts'
import { readCommit } from './source-state.ts'

/** SLSA requires a URI. This one says that nobody vouches for the build machine. */
const NOBODY = 'urn:secure-signing:nobody-vouches-for-the-machine'

await runMain(async () => {
  const base = checkBase(readVariable('NODE_IMAGE'))
  const out = resolve(readVariable('OUT') ?? join(CHECKOUT, '.deploy/release'))
  await checkEmpty(out)
  const builderId = checkBuilderId(readVariable('BUILDER_ID') ?? NOBODY)
  const builder = await findBuilder(readVariable('BUILDER'), ['podman', 'buildah'])
  const commit = await readCommit(CHECKOUT)
  const lockfile = hash('sha256', await readText('package-lock.json'))
  const versions = {
    [builder]: (await run(builder, ['--version'])).trim(),
    node: process.versions.node,
  }
  const startedOn = new Date()
  const prefix = readVariable('IMAGE_PREFIX')
  const platform = parsePlatform(readVariable('TARGET_PLATFORM'))
  const images = await buildImages({
    ...{ build: createBuild(builder), prefix, nodeImage: base, platform },
  })
  const layout = join(out, 'images')
  await mkdir(layout, { recursive: true })
  for (const { name, packages, ...reference } of images) {
    await step(`bill of materials and provenance of ${name}`, async () => {
      const source = formatReference({ name, ...reference })
      await run(builder, ['push', '--quiet', source, `oci:${layout}:${name}`])
      const { digest, layers } = await readLayout(layout, name)
      const image = { ...reference, digest }
      const contents = await readContents(layers)
      await write(out, `${name}.cdx.json`, describeImage({ ...image, base, packages, contents }))
      const builtBy = { id: builderId, versions }
      const build = { image, base, commit, lockfile, builder: builtBy, startedOn }
      const statement = stateProvenance({ ...build, finishedOn: new Date() })
      await write(out, `${name}.intoto.json`, statement)
      process.stdout.write(`${reference.repository}@${digest}\n`)
    })
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
