// What is analyzed: the resources, one file with all of them, and the source of each.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Rendering } from '../deploy/render/render.ts'
import { namespace } from '../kube/names.ts'
import { formatResources, type Resource } from '../kube/resources.ts'
import type { YamlDocument } from '../kube/yaml.ts'

/** The file of a resource, and its place there if that is known. */
export type Origin = {
  file: string
  source?: YamlDocument
  /** The kustomizations whose patches may have changed it, in order. */
  patchedIn: string[]
}

export type Origins = ReadonlyMap<Resource, Origin>

export type Unread = { file: string; line: number; message: string }

export type Subject = {
  resources: Resource[]
  /** The same. Those without a namespace are in ours, because Istio and the cluster know them only with one. */
  placed: Resource[]
  origins: Origins
  /** The file that findings about missing resources name. */
  home: string
  /** These in one file, a document each, in order. */
  rendering: Rendering
  /** Documents that could not be parsed. */
  unread: Unread[]
}

/** Kinds of Kubernetes with a namespace. All kinds of Istio have one too. */
const namespaced = /^(ConfigMap|Secret|Service|ServiceAccount|Pod|\w+Set|Deployment|Job|CronJob)$/

/** Writes the resources of `origins` into one file in `folder`. */
export async function composeSubject(input: {
  origins: Origins
  home: string
  unread: Unread[]
  folder: string
}): Promise<Subject> {
  const { folder, ...rest } = input
  const resources = [...rest.origins.keys()]
  const path = join(folder, 'analyzed.yaml')
  const placed = resources.map(withNamespace)
  const yaml = formatResources(placed)
  await writeFile(path, yaml)
  return { ...rest, resources, placed, rendering: { path, yaml } }
}

function withNamespace(resource: Resource): Resource {
  const { apiVersion, kind, metadata } = resource
  const isNamespaced = /istio\.io\//.test(apiVersion) || namespaced.test(kind)
  if (!isNamespaced) return resource
  return { ...resource, metadata: { ...metadata, namespace: metadata.namespace ?? namespace } }
}
