// The Deployments that this version ships for a layout and components. For an application, it is what we add to its Deployment.
import { componentFolder } from '../../../deploy/render/components.ts'
import { type Layout, layoutFolder, overlayFolder } from '../../../kube/layouts.ts'
import { signerLabel } from '../../../kube/names.ts'
import type { Resource } from '../../../kube/resources.ts'
import { addFolder, type Shipped } from '../kustomize.ts'

/** By layout, components, and whether the application is ours. */
const known = new Map<string, readonly Resource[]>()
/** The Deployment of an application, of which nothing matters here but the label. */
const bare: Shipped = {
  purpose: '',
  resource: {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
    metadata: { name: 'any', labels: { [signerLabel]: 'true' } },
    spec: { template: { metadata: {}, spec: { containers: [] } } },
  },
}

export type Kind = Readonly<{ layout: Layout; isOurs: boolean }>

export function listShippedPods(kind: Kind, components: readonly string[]): readonly Resource[] {
  const { layout, isOurs } = kind
  const folders = [
    isOurs ? overlayFolder(layout) : layoutFolder(layout),
    ...components.map((name) => componentFolder(name, layout)),
  ]
  const key = folders.join()
  const found = known.get(key) ?? render(folders, isOurs ? [] : [bare])
  known.set(key, found)
  return found
}

function render(folders: readonly string[], base: readonly Shipped[]): readonly Resource[] {
  return folders
    .reduce<readonly Shipped[]>(addFolder, base)
    .map(({ resource }) => resource)
    .filter(({ kind }) => kind === 'Deployment')
}
