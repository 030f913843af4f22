// What is analyzed: the resources, one file with all of them, and the source of each.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Rendering } from '../deploy/render/render.ts'
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
  origins: Origins
  /** The file that findings about missing resources name. */
  home: string
  /** The resources in one file, a document each, in order. */
  rendering: Rendering
  /** Documents that could not be parsed. */
  unread: Unread[]
}

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
  const yaml = formatResources(resources)
  await writeFile(path, yaml)
  return { ...rest, resources, rendering: { path, yaml } }
}
