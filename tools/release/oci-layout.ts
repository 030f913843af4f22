// An image in a folder with the OCI image layout (image-spec 1.1). Its digest is the same as in a registry.
import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const REF_NAME = 'org.opencontainers.image.ref.name'
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const index = z.object({
  manifests: z.array(
    z.object({ digest, annotations: z.record(z.string(), z.string()).default({}) }),
  ),
})
const manifest = z.object({ layers: z.array(z.object({ digest })) })

/** `digest` is the manifest's, "sha256:…". `layers` are paths of archives, the lowest first. */
export type LaidOutImage = { digest: string; layers: string[] }

/** Reads the image `name`. Throws if the layout does not contain it, or if its digest is wrong. */
export async function readLayout(folder: string, name: string): Promise<LaidOutImage> {
  const { manifests } = index.parse(JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')))
  const found = manifests.find(({ annotations }) => annotations[REF_NAME] === name)
  if (found === undefined) throw new Error(`${folder} contains no image ${name}`)
  const pathOf = (digest: string) => join(folder, 'blobs', ...digest.split(':'))
  const text = await readFile(pathOf(found.digest), 'utf8')
  if (`sha256:${hash('sha256', text)}` !== found.digest) {
    throw new Error(`the manifest of ${name} in ${folder} does not have the digest ${found.digest}`)
  }
  const { layers } = manifest.parse(JSON.parse(text))
  return { digest: found.digest, layers: layers.map((layer) => pathOf(layer.digest)) }
}
