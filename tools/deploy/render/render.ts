// Renders the YAML for one cluster by kustomize: the application, a layout, components, the values of the application and of the
// cluster, and the images.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { parse, stringify } from 'yaml'
import packageJson from '../../../package.json' with { type: 'json' }
import { CHECKOUT } from '../../cli/checkout.ts'
import type { ImageReference } from '../../images/image-references.ts'
import {
  applicationComponent,
  componentsFolder,
  sharedComponents,
  tokenKeysComponent,
  valuesComponent,
} from '../../kube/application/component-names.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { type Layout, layoutFolder, overlayFolder, separatePods } from '../../kube/layouts.ts'
import { protectedLabel } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { type ApplicationValues, toApplicationResource } from './application-values.ts'
import type { RenderedCluster } from './cluster.ts'
import { toConfigMap } from './cluster-values.ts'
import { componentFolder } from './components.ts'
import { toGatewayResource } from './gateway-values.ts'
import { fillInQueries } from './monitoring.ts'
import type { VaultValues } from './vault-values.ts'

/** Our public route, left out. */
const noRoute = 'k8s/gateways/none'
/** Our DestinationRule of the application's Service, left out. */
const noDestinationRule = 'k8s/gateways/own-destination-rule'
/** Labels what other components add. The component with the cluster's values does it too. */
const labelsComponent = 'k8s/labels'
/** With these, kustomize adds annotations to each resource: its file, and the kustomizations that changed it. */
export const originMetadata = ['originAnnotations', 'transformerAnnotations']

export type Rendering = {
  /** The file with `yaml`. It is both analyzed and applied. */
  path: string
  yaml: string
}

/** The folders of the application, absolute or from the root of the repository, and its values. */
export type RenderedApplication = {
  /** Its own resources, and what attaches the signer to them. Unused by the layout separate-pods. */
  resources: readonly string[]
  components: readonly string[]
  values: ApplicationValues
  sharedNamespace: boolean
  /** The application says itself how clients reach its Service. Then our route, or our DestinationRule, is left out. */
  hasOwnRoutes: boolean
  hasOwnDestinationRule: boolean
  /** JSON patches of our Sidecar, with what a Sidecar of the application says. */
  sidecarOperations: readonly object[]
  /** What make deploy changes for the application, where it may not expect it. */
  notes: readonly string[]
  /** Resources of the application that ours replace. */
  replaced: readonly Resource[]
}

/**
 * Writes kustomization.yaml, cluster-values.yaml and rendered.yaml into `folder`, which it creates. Does not use the cluster.
 * Throws CommandError if kustomize fails. `components` are optional, and applied in this order. The component vault requires
 * `vault`. Without a mesh there is no `cluster`. With `origins`, annotations name the source of each resource, for an analysis. With
 * `architecture`, the Pods run only on nodes that have it.
 */
export async function renderResources(input: {
  folder: string
  layout: Layout
  application: RenderedApplication
  cluster: RenderedCluster | undefined
  images: readonly ImageReference[]
  components?: readonly string[]
  vault?: VaultValues | undefined
  origins?: boolean
  architecture?: string | undefined
}): Promise<Rendering> {
  const { folder, layout, application, cluster, images, vault, architecture } = input
  const { components = [], origins = false } = input
  const overlay = overlayFolder(layout)
  const fromFolder = (path: string) => relative(folder, resolve(CHECKOUT, path))
  await mkdir(folder, { recursive: true })
  const valuesFiles = {
    ...(cluster && {
      'cluster-values': [
        toConfigMap('cluster-values', cluster.values),
        toGatewayResource(cluster.gateway.values),
      ],
    }),
    'application-values': [toApplicationResource(application.values)],
    ...(vault && { 'vault-values': [toConfigMap('vault-values', vault)] }),
  }
  for (const [name, found] of Object.entries(valuesFiles)) {
    await writeFile(
      join(folder, `${name}.yaml`),
      found.map((each) => stringify(each)).join('---\n'),
    )
  }
  const base = listFolders(layout, application)
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [
      ...base.resources.map(fromFolder),
      ...Object.keys(valuesFiles).map((name) => `${name}.yaml`),
    ],
    components: [
      ...base.components,
      ...[
        ...components,
        ...(application.sharedNamespace ? listShared(components) : []),
        ...listValuesComponents(cluster),
      ].map((name) => componentFolder(name, layout)),
      ...listRouteComponents(application, cluster),
      ...base.valuesComponents,
    ].map(fromFolder),
    // kustomize takes the order only from this outermost file.
    sortOptions: await readSortOptions(overlay),
    buildMetadata: origins ? originMetadata : [],
    patches: [
      ...listVersionPatches(),
      ...listSidecarPatches(application),
      ...(architecture === undefined ? [] : [selectArchitecture(architecture)]),
    ],
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
  // The manifests of an application are in a folder of their own.
  const args = ['kustomize', '--load-restrictor=LoadRestrictionsNone', folder]
  const yaml = fillInQueries(await kubectl(args), application.values)
  await writeFile(path, yaml)
  return { path, yaml }
}

/** The layout separate-pods contains our own frontend. The others are for every application. */
function listFolders(layout: Layout, { resources, components, values }: RenderedApplication) {
  const fill = (...name: string[]) => join(componentsFolder, applicationComponent, ...name)
  const limits = values.limits === undefined ? [] : [fill('limits')]
  if (layout.overlay === separatePods.overlay) {
    return { resources: [overlayFolder(layout)], components: [], valuesComponents: limits }
  }
  return {
    resources,
    components: [
      ...[...components, layoutFolder(layout)],
      fill(layout.isMeshed ? 'egress' : 'at-socket'),
    ],
    valuesComponents: [
      ...(layout.isMeshed && values.proxyConfig !== undefined ? [fill('proxy-config')] : []),
      ...limits,
      fill(),
    ],
  }
}

/** The component selinux has the policy pods-stay-restricted already. */
function listShared(components: readonly string[]): string[] {
  return sharedComponents.filter(
    (name) => name !== 'pods-stay-restricted' || !components.includes('selinux'),
  )
}

function listSidecarPatches({ sidecarOperations }: RenderedApplication) {
  if (sidecarOperations.length === 0) return []
  return [{ target: { kind: 'Sidecar', name: 'signer' }, patch: stringify(sidecarOperations) }]
}

function listRouteComponents(
  { hasOwnRoutes, hasOwnDestinationRule }: RenderedApplication,
  cluster: RenderedCluster | undefined,
): string[] {
  if (cluster === undefined) return [labelsComponent]
  if (hasOwnRoutes) return [noRoute]
  return [cluster.gateway.component, ...(hasOwnDestinationRule ? [noDestinationRule] : [])]
}

/** The label of the version, on our own resources alone. */
function listVersionPatches() {
  const labelSelector = 'app.kubernetes.io/part-of=secure-signing'
  const add = (path: string) => ({
    ...{ op: 'add', path: `${path}/app.kubernetes.io~1version` },
    value: packageJson.version,
  })
  return [
    { target: { labelSelector }, patch: stringify([add('/metadata/labels')]) },
    {
      target: { kind: 'Deployment|DaemonSet', labelSelector },
      patch: stringify([add('/spec/template/metadata/labels')]),
    },
  ]
}

/** They come last, because they also fill in the resources of other components. */
function listValuesComponents(cluster: RenderedCluster | undefined): string[] {
  if (cluster === undefined) return []
  const isFetched = cluster.values.tokenKeysUri !== undefined
  return [...(isFetched ? [tokenKeysComponent] : []), valuesComponent]
}

function selectArchitecture(architecture: string) {
  const nodeSelector = { 'kubernetes.io/arch': architecture }
  const metadata = { name: 'any' }
  const spec = { template: { spec: { nodeSelector } } }
  const patch = { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec }
  const labelSelector = `${protectedLabel}=true`
  return { target: { kind: 'Deployment', labelSelector }, patch: stringify(patch) }
}

async function readSortOptions(overlay: string): Promise<unknown> {
  return parse(await readFile(join(CHECKOUT, overlay, 'kustomization.yaml'), 'utf8')).sortOptions
}
