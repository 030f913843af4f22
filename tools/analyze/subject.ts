// What is analyzed: resources, the one file that they are rendered into, and the source of each.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Rendering } from '../deploy/render/render.ts'
import type { Resource } from '../kube/resources.ts'

/** Where a resource was written: its file, and which document of it if that is known. */
export type Origin = {
  file: string
  index?: number
  /** The kustomizations whose patches may have changed it, in their order. */
  patchedIn: string[]
}

export type Origins = ReadonlyMap<Resource, Origin>

export type Unread = { file: string; line: number; message: string }

export type Subject = {
  resources: Resource[]
  origins: Origins
  /** What a missing resource is missing in. */
  home: string
  /** The resources as one file, a document each, in their order. */
  rendering: Rendering
  /** What could not be read at all. */
  unread: Unread[]
}

/** No text is taken for a number or a truth value, by whichever version of YAML it is read. */
const quoted = { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' } as const

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
  const yaml = resources.map((each) => stringify(each, quoted)).join('---\n')
  await writeFile(path, yaml)
  return { ...rest, resources, rendering: { path, yaml } }
}
