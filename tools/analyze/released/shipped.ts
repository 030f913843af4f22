// What this version ships for one application: the resources of a layout, its components and its gateway, moved to the application.
import { join } from 'node:path'
import { componentFolder } from '../../deploy/render/components.ts'
import { movePolicy } from '../../deploy/render/move-resource.ts'
import { type Layout, layoutFolder, noMesh, overlayFolder } from '../../kube/layouts.ts'
import { writtenNamespace } from '../../kube/names.ts'
import { describeResource, type Resource } from '../../kube/resources.ts'
import type { Application } from '../model/application.ts'
import { addFolder, type Shipped } from './kustomize.ts'

/** Its resources are those of the layout without a mesh, and those of Linkerd. */
export const linkerd: Layout = { ...noMesh, overlay: 'linkerd' }

/** `gateways`: folders of k8s/gateways, if the layout has a public route. */
export type Shape = {
  layout: Layout
  components: readonly string[]
  gateways: readonly string[]
}

/** By application and folders. */
const known = new Map<string, readonly Shipped[]>()
const renamed = ['VirtualService/frontend', 'DestinationRule/frontend', 'HTTPRoute/frontend']

/** Lists what `shape` ships for `application` in `namespace`. Values that deployments fill in are those of the files. */
export function listShipped(
  namespace: string,
  application: Application,
  { layout, components, gateways }: Shape,
): readonly Shipped[] {
  const folders = [
    application.isOurs ? overlayFolder(layout) : layoutFolder(layout),
    ...components.map((name) => folderOf(name, layout)),
    ...gateways.map((name) => `k8s/gateways/${name}`),
  ]
  const key = [namespace, application.service, application.isOurs, ...folders].join()
  const found =
    known.get(key) ??
    folders
      .reduce<readonly Shipped[]>(addFolder, [])
      .map((each) => ({ ...each, resource: move(each.resource, namespace, application) }))
  known.set(key, found)
  return found
}

/** Lists the resources that a component adds. */
export function listOfComponent(name: string, layout: Layout): readonly Resource[] {
  const folder = folderOf(name, layout)
  const found = known.get(folder) ?? addFolder([], folder)
  known.set(folder, found)
  return found.map(({ resource }) => resource)
}

function folderOf(name: string, layout: Layout): string {
  return layout === linkerd && name === 'network-policy'
    ? join(overlayFolder(layout), name)
    : componentFolder(name, layout)
}

function move(resource: Resource, to: string, { service }: Application): Resource {
  const { kind, metadata } = resource
  if (kind === 'Namespace' && metadata.name === writtenNamespace) {
    return { ...resource, metadata: { ...metadata, name: to } }
  }
  if (metadata.namespace !== writtenNamespace) return movePolicy(resource, to)
  const name = renamed.includes(describeResource(resource)) ? service : metadata.name
  return { ...resource, metadata: { ...metadata, name, namespace: to } }
}
