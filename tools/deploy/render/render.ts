// Turns k8s/ and mesh/ into the YAML for one cluster: an overlay, components, that cluster's facts, and the images.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parse, stringify } from 'yaml'
import { CHECKOUT } from '../../cli/checkout.ts'
import type { ImageReference } from '../../images/image-references.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { type Layout, overlayFolder } from '../../kube/layouts.ts'
import { type ClusterFacts, toConfigMap } from './cluster-values.ts'
import { componentFolder, factsComponent } from './components.ts'
import type { VaultFacts } from './vault-values.ts'

/** Has kustomize say of each resource which file it is of, and which kustomizations have changed it. */
export const originMetadata = ['originAnnotations', 'transformerAnnotations']

export type Rendering = {
  /** The file that holds exactly `yaml`: what is analyzed is what is applied. */
  path: string
  yaml: string
}

/**
 * Writes kustomization.yaml, cluster-facts.yaml and rendered.yaml into `folder`, which is made if needed.
 * Asks no cluster. Throws CommandError if kustomize fails. `components`: names of optional ones, applied in their order.
 * `vault`: for the component of that name, which can't be rendered without.
 * `origins`: each resource says in annotations where it is from, which is for analysis alone.
 */
export async function renderResources(input: {
  folder: string
  layout: Layout
  facts: ClusterFacts
  images: readonly ImageReference[]
  components?: readonly string[]
  vault?: VaultFacts | undefined
  origins?: boolean
}): Promise<Rendering> {
  const { folder, layout, facts, images, components = [], vault, origins = false } = input
  const overlay = overlayFolder(layout)
  const fromFolder = (path: string) => relative(folder, join(CHECKOUT, path))
  await mkdir(folder, { recursive: true })
  const known = { 'cluster-facts': facts, ...(vault && { 'vault-facts': vault }) }
  for (const [name, values] of Object.entries(known)) {
    await writeFile(join(folder, `${name}.yaml`), stringify(toConfigMap(name, values)))
  }
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [fromFolder(overlay), ...Object.keys(known).map((name) => `${name}.yaml`)],
    components: [...components, factsComponent].map((name) =>
      fromFolder(componentFolder(name, layout)),
    ),
    // kustomize asks only the outermost file for an order.
    sortOptions: await readSortOptions(overlay),
    buildMetadata: origins ? originMetadata : [],
    images: images.map(({ name, repository, tag }) => ({
      name: `secure-signing/${name}`,
      newName: repository,
      newTag: tag,
    })),
    // After `images`: the policies know the signer by the image that is set here.
    transformers: [fromFolder(`${overlay}/released-image`)],
  }
  await writeFile(join(folder, 'kustomization.yaml'), stringify(kustomization))
  const path = join(folder, 'rendered.yaml')
  const yaml = await kubectl(['kustomize', folder])
  await writeFile(path, yaml)
  return { path, yaml }
}

async function readSortOptions(overlay: string): Promise<unknown> {
  return parse(await readFile(join(CHECKOUT, overlay, 'kustomization.yaml'), 'utf8')).sortOptions
}
