// make release: both images as they go to a registry, with each one's bill of materials and provenance. Prints their
// names by digest; whoever builds the same commit on the same base with the same builder gets the same.
// NODE_IMAGE: the base by its digest · IMAGE_PREFIX: registry and prefix · BUILDER: podman or buildah · BUILDER_ID: a URI that
// says who vouches for this machine · OUT: the folder, by default .deploy/release.
import { hash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CHECKOUT } from '../cli/checkout.ts'
import { run } from '../cli/exec.ts'
import { runMain, say, step, UserError } from '../cli/terminal.ts'
import { buildImages } from '../images/build-images.ts'
import { createBuild, findBuilder } from '../images/image-builder.ts'
import { formatReference } from '../images/image-references.ts'
import { describeImage } from './bill-of-materials.ts'
import { readContents } from './image-contents.ts'
import { readLayout } from './oci-layout.ts'
import { stateProvenance } from './provenance.ts'
import { readCommit } from './source-state.ts'

/** SLSA wants a URI of who vouches for the machine. */
const NOBODY = 'urn:secure-signing:nobody-vouches-for-the-machine'

await runMain(async () => {
  const { IMAGE_PREFIX: prefix, NODE_IMAGE, BUILDER, BUILDER_ID, OUT } = process.env
  const base = checkBase(NODE_IMAGE)
  const out = resolve(OUT || join(CHECKOUT, '.deploy/release'))
  await checkEmpty(out)
  const builderId = checkBuilderId(BUILDER_ID || NOBODY)
  const builder = await findBuilder(BUILDER || undefined, ['podman', 'buildah'])
  const commit = await readCommit(CHECKOUT)
  const lockfile = hash('sha256', await readFile(join(CHECKOUT, 'package-lock.json')))
  const versions = {
    [builder]: (await run(builder, ['--version'])).trim(),
    node: process.versions.node,
  }
  const startedOn = new Date()
  const images = await buildImages({ build: createBuild(builder), prefix, nodeImage: base })
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
  say(`in ${out}; docs/supply-chain.md has how to push, sign and verify them`)
})

/** A tag is another image tomorrow. */
function checkBase(nodeImage: string | undefined): string {
  if (nodeImage && /^[^@\s]+@sha256:[0-9a-f]{64}$/.test(nodeImage)) return nodeImage
  throw new UserError(
    `a release names its base by digest, not ${nodeImage ? `as ${nodeImage}` : 'by default'}`,
    'give NODE_IMAGE=repository@sha256:…',
  )
}

function checkBuilderId(id: string): string {
  if (URL.canParse(id)) return id
  throw new UserError(`BUILDER_ID=${id} is no URI`, 'give one that names the machine or service')
}

async function checkEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  if (names.length === 0) return
  throw new UserError(`${folder} is not empty`, 'remove it, or give another OUT=folder')
}

async function write(folder: string, name: string, document: object): Promise<void> {
  await writeFile(join(folder, name), `${JSON.stringify(document, undefined, 2)}\n`)
}
