// Reads files of plain YAML.
import { namespace } from '../../kube/names.ts'
import { type Resource, resourceSchema } from '../../kube/resources.ts'
import { composeSubject, type Origin, type Subject, type Unread } from '../subject.ts'
import { findPlace, readDocuments, type SourceDocument } from './source-file.ts'

/** Namespaced kinds of this project. All kinds of Istio are namespaced too. */
const namespaced = ['ConfigMap', 'Deployment', 'Secret', 'Service', 'ServiceAccount']

/** Reads every document of `files`, which are of `home`. Writes its own files to `folder`. */
export async function readFiles(
  files: readonly string[],
  home: string,
  folder: string,
): Promise<Subject> {
  const origins = new Map<Resource, Origin>()
  const unread: Unread[] = []
  for (const file of files) {
    for (const [index, source] of (await readDocuments(file)).entries()) {
      const found = readResource(source)
      if (found === undefined) continue
      if ('resource' in found) origins.set(found.resource, { file, index, patchedIn: [] })
      else unread.push({ file, ...found })
    }
  }
  return composeSubject({ origins, home: files[0] ?? home, unread, folder })
}

/** Returns the resource, or why the document is none, or undefined for an empty document. */
function readResource(
  source: SourceDocument,
): { resource: Resource } | Omit<Unread, 'file'> | undefined {
  const { document, lines } = source
  const [error] = document.errors
  if (error !== undefined) {
    const [message = ''] = error.message.split('\n')
    return { line: lines.linePos(error.pos[0]).line, message }
  }
  const content: unknown = document.toJS()
  if (content === null) return undefined
  const parsed = resourceSchema.safeParse(content)
  if (parsed.success) return { resource: withNamespace(parsed.data) }
  const { path = [], message = '' } = parsed.error.issues[0] ?? {}
  const { line } = findPlace(source, path.map(String), content)
  return { line, message: `not a Kubernetes resource: ${path.join('.')}: ${message}` }
}

/** A namespaced resource without a namespace goes to ours. */
function withNamespace(resource: Resource): Resource {
  const { apiVersion, kind, metadata } = resource
  const isNamespaced = /istio\.io\//.test(apiVersion) || namespaced.includes(kind)
  return isNamespaced ? { ...resource, metadata: { namespace, ...metadata } } : resource
}
