// The names of the two images. The tag is a hash of the image's sources and of its platform. If they do not change, the tag
// stays, and a second deployment changes nothing. Images of two platforms have two tags.
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { CHECKOUT, readText } from '../cli/checkout.ts'
import { machinePlatform } from './platform.ts'

export const imageNames = ['frontend', 'signer'] as const
export type ImageName = (typeof imageNames)[number]

export type ImageReference = {
  name: ImageName
  /** Prefix and name, for example "registry.example/team/signer". */
  repository: string
  tag: string
}

export const defaultPrefix = 'localhost/secure-signing'

/** The folders of each service besides runtime/, which both use. */
export const ownFolders: Record<ImageName, readonly string[]> = {
  frontend: ['client', 'frontend'],
  signer: ['signer'],
}

/** The sources of an image besides its own folders. The lockfile pins libraries and bundler by hash. */
const sharedSources = [
  ...['package.json', 'package-lock.json', 'LICENSE', 'runtime'],
  ...['tools/images/image-context.ts', 'tools/images/bundled-packages.ts'],
]

/** Returns false for files that do not affect the image, so that a changed test or page does not change the tag. */
export function isImageSource(path: string): boolean {
  return !/(^|\/)(test|node_modules|dist)(\/|$)|\.test\.ts$|\.md$/.test(path.split(sep).join('/'))
}

/**
 * Computes the references from the sources of this checkout. `nodeImage` is the base image, if it is not the
 * Containerfile's. `platform` is the images', by default this machine's.
 */
export async function computeImageReferences(input: {
  prefix?: string | undefined
  nodeImage?: string | undefined
  platform?: string | undefined
}): Promise<ImageReference[]> {
  const prefix = (input.prefix || defaultPrefix).replace(/\/+$/, '')
  return Promise.all(
    imageNames.map(async (name) => ({
      name,
      repository: `${prefix}/${name}`,
      tag: await hashSources([...sharedSources, ...ownFolders[name]], {
        NODE_IMAGE: input.nodeImage ?? '',
        PLATFORM: input.platform ?? machinePlatform,
      }),
    })),
  )
}

export function formatReference({ repository, tag }: ImageReference): string {
  return `${repository}:${tag}`
}

/** Returns the hash of these files and folders of the checkout, without their tests, and of the settings. */
export async function hashSources(
  sources: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<string> {
  const hash = createHash('sha256')
  for (const [name, value] of Object.entries(settings)) hash.update(`${name}=${value}\0`)
  const files = await Promise.all(sources.map((source) => listFiles(join(CHECKOUT, source))))
  for (const file of files.flat().filter((path) => isImageSource(relative(CHECKOUT, path)))) {
    const content = Buffer.from(await readText(file))
    hash.update(`${relative(CHECKOUT, file)}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex').slice(0, 12)
}

async function listFiles(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch((error) => {
    if (error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (entries === undefined) return [path]
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
