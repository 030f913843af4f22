// The build context of the images: one JavaScript file for each service, with the code and libraries that it uses, and their
// licences. Without a bundle, a start takes a quarter of a second longer, and a third more memory, because Node.js has to
// strip types and load a hundred files. The bundle is not minified, so that people can read it. It is ASCII, because V8 stores
// two bytes for each character of a file with any other character.
import { chmod, mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { rolldown } from 'rolldown'
import { CHECKOUT, readText } from '../cli/checkout.ts'
import { type BundledPackage, describePackages, formatLicences } from './bundled-packages.ts'
import { type ImageName, ownFolders } from './image-references.ts'

/**
 * Empties `folder`. For each service, writes the Containerfile, and the folder app of the image with main.mjs and LICENSES. Returns the
 * packages in each bundle. Throws UserError if the licence of a package is not allowed.
 */
export async function stageContext(folder: string): Promise<Record<ImageName, BundledPackage[]>> {
  await rm(folder, { recursive: true, force: true })
  return {
    frontend: await stageService('frontend', folder),
    signer: await stageService('signer', folder),
  }
}

/** Writes the files of one service. `program`: what its image runs. */
export async function stageService(
  service: ImageName,
  folder: string,
  program: Program = programOf(service),
): Promise<BundledPackage[]> {
  const target = join(folder, service)
  // A copy of this folder to the image's root keeps its time. A folder that a builder makes has the time of the build.
  const app = join(target, 'root/app')
  await mkdir(app, { recursive: true })
  const packages = await describePackages(await bundle(program, join(app, 'main.mjs')))
  await writeFile(join(app, 'LICENSES'), await formatLicences(packages))
  await writeFile(join(target, 'Containerfile'), await readText(`${service}/Containerfile`))
  // Independent of umask and clock, because builders copy mode and time into the image.
  for (const [path, mode] of [
    [join(app, 'main.mjs'), 0o644],
    [join(app, 'LICENSES'), 0o644],
    [app, 0o755],
    [dirname(app), 0o755],
  ] as const) {
    await chmod(path, mode)
    await utimes(path, 0, 0)
  }
  return packages
}

/** `input`: a file of the checkout. `folders`: what it consists of, besides runtime/ and libraries. */
export type Program = { input: string; folders: readonly string[] }

function programOf(service: ImageName): Program {
  return { input: join(service, 'main.ts'), folders: ownFolders[service] }
}

/**
 * Bundles a service into `file`. Returns the sorted paths of its packages in the lockfile, for example "node_modules/zod".
 * Throws if the bundle contains code of another folder.
 */
export function bundleService(service: ImageName, file: string): Promise<string[]> {
  return bundle(programOf(service), file)
}

async function bundle({ input, folders }: Program, file: string): Promise<string[]> {
  const build = await rolldown({
    input: join(CHECKOUT, input),
    // The bundle names its modules relative to this folder.
    cwd: CHECKOUT,
    platform: 'node',
    // Without this, the bundle would keep an import that is not found. The image contains no other file.
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(`${log.code}: ${log.message}`)
    },
  })
  const { output } = await build.write({
    file,
    format: 'esm',
    codeSplitting: false,
    comments: { jsdoc: false },
    charset: 'ascii',
  })
  await build.close()
  // Of package.json only the version gets into the bundle.
  const allowed = new RegExp(
    `^(${[...folders, 'runtime', 'node_modules'].join('|')})/|^package\\.json$`,
  )
  const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []))
  // A name that begins with NUL is code of the bundler. The image contains it too.
  const paths = modules.map((id) =>
    id.startsWith('\0') ? join('node_modules', id.slice(1)) : relative(CHECKOUT, id),
  )
  const foreign = paths.filter((path) => !allowed.test(path))
  if (foreign.length > 0) throw new Error(`${input} imports ${foreign.join(', ')}`)
  const packages = paths.map((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0])
  return [...new Set(packages.filter((name) => name !== undefined))].sort()
}
