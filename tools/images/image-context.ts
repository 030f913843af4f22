// The folder that the images are built from: one file a service, with all of its own code and libraries that it
// reaches and nothing else, and the licences of these. It is bundled because Node's type stripping and the loading of a
// hundred files cost more than a quarter of a second at each start and a third of the memory. It is not minified, so that
// it can be read, and all ASCII: one dash in a comment, and V8 keeps two bytes for each character.
import { chmod, cp, mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { rolldown } from 'rolldown'
import { CHECKOUT } from '../cli/checkout.ts'
import { type BundledPackage, describePackages, formatLicences } from './bundled-packages.ts'
import type { ImageName } from './image-references.ts'

/**
 * Fills `folder`, which is emptied first, with <room>/main.mjs, LICENSES and Containerfile for each image, and returns
 * the packages in each. Throws UserError if a package's licence is none that may be shipped.
 */
export async function stageContext(folder: string): Promise<Record<ImageName, BundledPackage[]>> {
  await rm(folder, { recursive: true, force: true })
  return { frontend: await stage('frontend', folder), signer: await stage('signer', folder) }
}

async function stage(room: ImageName, folder: string): Promise<BundledPackage[]> {
  const target = join(folder, room)
  await mkdir(target, { recursive: true })
  const packages = await describePackages(await bundleService(room, join(target, 'main.mjs')))
  await writeFile(join(target, 'LICENSES'), await formatLicences(packages))
  await cp(join(CHECKOUT, room, 'Containerfile'), join(target, 'Containerfile'))
  for (const name of ['main.mjs', 'LICENSES']) {
    // Whatever umask and clock are: builders copy mode and time into the image.
    await chmod(join(target, name), 0o644)
    await utimes(join(target, name), 0, 0)
  }
  return packages
}

/**
 * Bundles a service's entry into `file`, and returns the packages that are in it as the lockfile names them, sorted:
 * "node_modules/zod". Throws if it reaches code of another room.
 */
export async function bundleService(room: ImageName, file: string): Promise<string[]> {
  const bundle = await rolldown({
    input: join(CHECKOUT, room, 'main.ts'),
    // The bundle names its modules, relative to this.
    cwd: CHECKOUT,
    platform: 'node',
    // An import that is not found would be left for Node to find, in an image that has nothing but this file.
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(`${log.code}: ${log.message}`)
    },
  })
  const { output } = await bundle.write({
    file,
    format: 'esm',
    codeSplitting: false,
    comments: { jsdoc: false },
    charset: 'ascii',
  })
  await bundle.close()
  // Of package.json only the version gets into the bundle.
  const allowed = new RegExp(`^(runtime|${room}|node_modules)/|^package\\.json$`)
  const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []))
  // What begins with a NUL is the bundler's own, and ships like all the rest.
  const paths = modules.map((id) =>
    id.startsWith('\0') ? join('node_modules', id.slice(1)) : relative(CHECKOUT, id),
  )
  const foreign = paths.filter((path) => !allowed.test(path))
  if (foreign.length > 0) throw new Error(`${room}/ reaches ${foreign.join(', ')}`)
  const packages = paths.map((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0])
  return [...new Set(packages.filter((name) => name !== undefined))].sort()
}
