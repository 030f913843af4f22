// Renders the YAML for one cluster by kustomize: an overlay, its components, the cluster's values, and the images.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parse, stringify } from 'yaml'
import packageJson from '../../../package.json' with { type: 'json' }
import { CHECKOUT } from '../../cli/checkout.ts'
import type { ImageReference } from '../../images/image-references.ts'
import { tokenKeysComponent, valuesComponent } from '../../kube/application/component-names.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { type Layout, overlayFolder } from '../../kube/layouts.ts'
import { type ClusterValues, toConfigMap } from './cluster-values.ts'
import { componentFolder } from './components.ts'
import { type RenderedGateway, toGatewayResource } from './gateway-values.ts'
import type { VaultValues } from './vault-values.ts'

/** With these, kustomize adds annotations to each resource: its file, and the kustomizations that changed it. */
export const originMetadata = ['originAnnotations', 'transformerAnnotations']

export type Rendering = {
  /** The file with `yaml`. It is both analyzed and applied. */
  path: string
  yaml: string
}

/**
 * Writes kustomization.yaml, cluster-values.yaml and rendered.yaml into `folder`, which it creates. Does not use the cluster.
 * Throws CommandError if kustomize fails. `components` are optional, and applied in this order. The component vault requires
 * `vault`. With `origins`, annotations name the source of each resource, for an analysis. With `architecture`, the Pods run only
 * on nodes that have it.
 */
export async function renderResources(input: {
  folder: string
  layout: Layout
  values: ClusterValues
  gateway: RenderedGateway
  images: readonly ImageReference[]
  components?: readonly string[]
  vault?: VaultValues | undefined
  origins?: boolean
  architecture?: string | undefined
}): Promise<Rendering> {
  const {
    folder,
    layout,
    values,
    gateway,
    images,
    components = [],
    vault,
    origins = false,
    architecture,
  } = input
  const overlay = overlayFolder(layout)
  const fromFolder = (path: string) => relative(folder, join(CHECKOUT, path))
  await mkdir(folder, { recursive: true })
  const valuesFiles = {
    'cluster-values': [toConfigMap('cluster-values', values), toGatewayResource(gateway.values)],
    ...(vault && { 'vault-values': [toConfigMap('vault-values', vault)] }),
  }
  for (const [name, found] of Object.entries(valuesFiles)) {
    await writeFile(
      join(folder, `${name}.yaml`),
      found.map((each) => stringify(each)).join('---\n'),
    )
  }
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [fromFolder(overlay), ...Object.keys(valuesFiles).map((name) => `${name}.yaml`)],
    components: [
      ...[
        ...components,
        ...(values.tokenKeysUri === undefined ? [] : [tokenKeysComponent]),
        valuesComponent,
      ].map((name) => componentFolder(name, layout)),
      gateway.component,
    ].map(fromFolder),
    labels: [
      { pairs: { 'app.kubernetes.io/version': packageJson.version }, includeTemplates: true },
    ],
    // kustomize takes the order only from this outermost file.
    sortOptions: await readSortOptions(overlay),
    buildMetadata: origins ? originMetadata : [],
    patches: architecture === undefined ? [] : [selectArchitecture(architecture)],
    images: images.map(({ name, repository, tag }) => ({
      name: `secure-signing/${name}`,
      newName: repository,
      newTag: tag,
    })),
    // These copy the signer's image into the policies, so they come after `images`.
    transformers: [fromFolder(`${overlay}/released-image`)],
  }
  await writeFile(join(folder, 'kustomization.yaml'), stringify(kustomization))
  const path = join(folder, 'rendered.yaml')
  const yaml = await kubectl(['kustomize', folder])
  await writeFile(path, yaml)
  return { path, yaml }
}

function selectArchitecture(architecture: string) {
  const nodeSelector = { 'kubernetes.io/arch': architecture }
  const metadata = { name: 'any' }
  const spec = { template: { spec: { nodeSelector } } }
  const patch = { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec }
  return { target: { kind: 'Deployment' }, patch: stringify(patch) }
}

async function readSortOptions(overlay: string): Promise<unknown> {
  return parse(await readFile(join(CHECKOUT, overlay, 'kustomization.yaml'), 'utf8')).sortOptions
}
