// An image in a folder, as the OCI image layout (image-spec 1.1) has it: its digest there is the one in a registry.
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

/** `digest` of the manifest, "sha256:…"; `layers`: paths of archives, the lowest first. */
export type LaidOutImage = { digest: string; layers: string[] }

/** Reads the image that is called `name` in the layout. Throws if it is not there, or not what its digest says. */
export async function readLayout(folder: string, name: string): Promise<LaidOutImage> {
  const { manifests } = index.parse(JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')))
  const found = manifests.find(({ annotations }) => annotations[REF_NAME] === name)
  if (found === undefined) throw new Error(`${folder} has no image ${name}`)
  const pathOf = (digest: string) => join(folder, 'blobs', ...digest.split(':'))
  const text = await readFile(pathOf(found.digest), 'utf8')
  if (`sha256:${hash('sha256', text)}` !== found.digest) {
    throw new Error(`the manifest of ${name} in ${folder} is not ${found.digest}`)
  }
  const { layers } = manifest.parse(JSON.parse(text))
  return { digest: found.digest, layers: layers.map((layer) => pathOf(layer.digest)) }
}
