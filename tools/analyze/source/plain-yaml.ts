// Reads files of plain YAML or JSON.
import type { z } from 'zod'
import { type Resource, resourceSchema, withoutNulls } from '../../kube/resources.ts'
import type { YamlDocument } from '../../kube/yaml.ts'
import { composeSubject, type Origin, type Subject, type Unread } from '../subject.ts'
import { findPlace } from './source-file.ts'

/** Takes every document of `files`, which are of `home`. Writes its own files to `folder`. */
export async function takeDocuments(
  files: ReadonlyMap<string, readonly YamlDocument[]>,
  home: string,
  folder: string,
): Promise<Subject> {
  const origins = new Map<Resource, Origin>()
  const unread: Unread[] = []
  for (const [file, documents] of files) {
    for (const source of documents) {
      if (source.error !== undefined) unread.push({ file, ...source.error })
      if (source.content === null) continue
      const parsed = resourceSchema.safeParse(withoutNulls(source.content))
      if (parsed.success) origins.set(parsed.data, { file, source, patchedIn: [] })
      else unread.push({ file, ...explain(source, parsed.error) })
    }
  }
  const [first = home] = files.keys()
  return composeSubject({ origins, home: first, unread, folder })
}

function explain(source: YamlDocument, error: z.ZodError): Omit<Unread, 'file'> {
  const path = error.issues[0]?.path.map(String) ?? []
  return { ...findPlace(source, path, source.content), message: describeNonResource(error) }
}

export function describeNonResource(error: z.ZodError): string {
  const { path = [], message = '' } = error.issues[0] ?? {}
  return `not a Kubernetes resource: ${path.join('.')}: ${message}`
}
