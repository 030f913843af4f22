// A folder with the OCI image layout (image-spec 1.1). A builder writes one image for each platform, and this joins them in an
// image index. Digests are the same as in a registry.
import { hash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const REF_NAME = 'org.opencontainers.image.ref.name'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const descriptor = z.object({ mediaType: z.string(), digest, size: z.number() })
const layoutIndex = z.object({
  schemaVersion: z.literal(2),
  manifests: z.array(
    descriptor.extend({ annotations: z.record(z.string(), z.string()).default({}) }),
  ),
})
const manifest = z.object({ config: descriptor, layers: z.array(descriptor) })
const platform = z.object({
  architecture: z.string(),
  os: z.string(),
  variant: z.string().optional(),
})
const imageIndex = z.object({ manifests: z.array(descriptor.extend({ platform })) })

/** `digest` is the manifest's. `layers` are paths of archives, the lowest first. */
export type PlatformImage = {
  digest: string
  platform: z.infer<typeof platform>
  layers: string[]
}

/** `digest` is the index's. */
export type LaidOutImage = { digest: string; images: PlatformImage[] }

/** Replaces the images `parts` by one index with the name `name`, in this order. Throws if the layout lacks one. */
export async function joinImages(
  folder: string,
  name: string,
  parts: readonly string[],
): Promise<LaidOutImage> {
  const { manifests, ...rest } = await readIndex(folder)
  const found = parts.map((part) => findByName(manifests, part, folder))
  const joined = found.map(async ({ annotations: _, ...each }) => {
    const { config } = await readBlob(folder, each.digest, manifest)
    return { ...each, platform: await readBlob(folder, config.digest, platform) }
  })
  const index = { schemaVersion: 2, mediaType: INDEX, manifests: await Promise.all(joined) }
  const text = JSON.stringify(index)
  const digest = `sha256:${hash('sha256', text)}`
  await writeFile(pathOf(folder, digest), text)
  const size = Buffer.byteLength(text)
  const entry = { mediaType: INDEX, digest, size, annotations: { [REF_NAME]: name } }
  const others = manifests.filter((each) => !found.includes(each))
  const layout = { ...rest, manifests: [...others, entry] }
  await writeFile(join(folder, 'index.json'), JSON.stringify(layout))
  return readLayout(folder, name)
}

/** Reads the index `name`. Throws if the layout does not contain it, or if a digest is wrong. */
export async function readLayout(folder: string, name: string): Promise<LaidOutImage> {
  const { manifests } = await readIndex(folder)
  const { digest } = findByName(manifests, name, folder)
  const index = await readBlob(folder, digest, imageIndex)
  const images = index.manifests.map(async ({ digest, platform }) => {
    const { layers } = await readBlob(folder, digest, manifest)
    return { digest, platform, layers: layers.map((layer) => pathOf(folder, layer.digest)) }
  })
  return { digest, images: await Promise.all(images) }
}

async function readIndex(folder: string) {
  return layoutIndex.parse(JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')))
}

function findByName<Entry extends { annotations: Record<string, string> }>(
  manifests: readonly Entry[],
  name: string,
  folder: string,
): Entry {
  const found = manifests.find(({ annotations }) => annotations[REF_NAME] === name)
  if (found === undefined) throw new Error(`${folder} contains no image ${name}`)
  return found
}

async function readBlob<T>(folder: string, digest: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readFile(pathOf(folder, digest), 'utf8')
  if (`sha256:${hash('sha256', text)}` !== digest) {
    throw new Error(`${pathOf(folder, digest)} does not have the digest ${digest}`)
  }
  return schema.parse(JSON.parse(text))
}

function pathOf(folder: string, digest: string): string {
  return join(folder, 'blobs', ...digest.split(':'))
}
