// The folder that the images are built from: sources without tests, and production libraries alone. Both images are
// built from it, and each Containerfile copies only its own room and runtime/.
import { createHash } from 'node:crypto'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { run, tryRun } from '../cli/exec.ts'
import { step, UserError } from '../cli/terminal.ts'
import { isImageSource } from './image-references.ts'

const root = resolve(import.meta.dirname, '..')
const rooms = ['runtime', 'frontend', 'signer']
const manifests = ['package.json', 'package-lock.json', '.npmrc']

/** Fills `folder`, reusing its libraries as long as the lockfile is the same. Returns the folder. */
export async function stageContext(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  for (const file of manifests) await cp(join(root, file), join(folder, file))
  for (const room of rooms) {
    await rm(join(folder, room), { recursive: true, force: true })
    await cp(join(root, room), join(folder, room), {
      recursive: true,
      filter: (source) => isImageSource(relative(root, source)),
    })
  }
  await installLibraries(folder)
  return folder
}

async function installLibraries(folder: string): Promise<void> {
  const lockfile = await readFile(join(folder, 'package-lock.json'))
  const wanted = createHash('sha256').update(lockfile).digest('hex')
  // Beside node_modules and not in it, so that it gets into no image.
  const stamp = join(folder, '.installed-lockfile')
  const installed = await readFile(stamp, 'utf8').catch(() => '')
  if (installed === wanted) return
  if ((await tryRun('npm', ['--version'])).code === 127) {
    throw new UserError('npm is not on the PATH', 'install Node 24 with npm')
  }
  await rm(stamp, { force: true })
  // Optional dependencies are the local cluster's Node, and install scripts have nothing to do in an image.
  // What this checkout has installed is in npm's cache already.
  const args = ['ci', '--omit=dev', '--omit=optional', '--ignore-scripts', '--prefer-offline']
  await step('production libraries for the images', () => run('npm', args, { cwd: folder }))
  await writeFile(stamp, wanted)
}
