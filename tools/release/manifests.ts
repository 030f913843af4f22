// The manifests of a release: a folder for `kubectl apply -k` that needs nothing beside it. manifests/ here has what the user
// edits. The resources are those of the checkout, and the images have digests.
import { appendFile, cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import packageJson from '../../package.json' with { type: 'json' }
import { CHECKOUT } from '../cli/checkout.ts'

const TEMPLATES = join(import.meta.dirname, 'manifests')
/** The folders of the checkout that the kustomizations refer to. */
const resources = ['k8s', 'mesh']

export type ReleasedReference = { name: string; repository: string; index: { digest: string } }

/** Writes them into `folder`, which it creates. */
export async function writeManifests(
  folder: string,
  images: readonly ReleasedReference[],
): Promise<void> {
  await cp(TEMPLATES, folder, { recursive: true })
  for (const name of resources) {
    await cp(join(CHECKOUT, name), join(folder, name), { recursive: true })
  }
  const released = stringify({
    labels: [
      {
        pairs: { 'app.kubernetes.io/version': packageJson.version },
        includeTemplates: true,
      },
    ],
    images: images.map(({ name, repository, index }) => ({
      name: `secure-signing/${name}`,
      newName: repository,
      digest: index.digest,
    })),
  })
  for (const overlay of await listOverlays()) {
    await appendFile(join(folder, overlay, 'kustomization.yaml'), released)
  }
}

/** Each has a folder. */
export async function listOverlays(): Promise<string[]> {
  const entries = await readdir(TEMPLATES, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}
