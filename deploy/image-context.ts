// The folder that the images are built from: one file a service, with all of its own code and libraries that it
// reaches and nothing else. It is bundled because Node's type stripping and the loading of a hundred files cost more
// than a quarter of a second at each start and a third of the memory. It is not minified, so that it can be read, and all
// ASCII: one dash in a comment, and V8 keeps two bytes for each character.
import { cp, mkdir, rm } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { rolldown } from 'rolldown'
import { type ImageName, imageNames } from './image-references.ts'

const root = resolve(import.meta.dirname, '..')

/** Fills `folder`, which is emptied first: <room>/main.mjs and <room>/Containerfile for each image. */
export async function stageContext(folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true })
  for (const room of imageNames) {
    await mkdir(join(folder, room), { recursive: true })
    await bundleService(room, join(folder, room, 'main.mjs'))
    await cp(join(root, room, 'Containerfile'), join(folder, room, 'Containerfile'))
  }
  return folder
}

/**
 * Bundles a service's entry into `file`, and returns the packages that are in it, sorted. Throws if it reaches code of
 * another room.
 */
export async function bundleService(room: ImageName, file: string): Promise<string[]> {
  const bundle = await rolldown({
    input: join(root, room, 'main.ts'),
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
  const allowed = new RegExp(`^(runtime|${room}|node_modules)/`)
  const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []))
  const paths = modules
    // Those with a NUL are the bundler's own.
    .filter((id) => !id.startsWith('\0') && !id.startsWith('rolldown:'))
    .map((id) => relative(root, id))
  const foreign = paths.filter((path) => !allowed.test(path))
  if (foreign.length > 0) throw new Error(`${room}/ reaches ${foreign.join(', ')}`)
  const packages = paths.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1])
  return [...new Set(packages.filter((name) => name !== undefined))].sort()
}
