// Finds the file and the line in the sources for a path in a resource.
import { dirname, join, relative } from 'node:path'
import type { Resource } from '../../kube/resources.ts'
import type { YamlDocument } from '../../kube/yaml.ts'
import { type Path, valueAt } from '../finding.ts'
import type { RuleFinding } from '../rule.ts'
import type { Origin, Subject } from '../subject.ts'
import { findPatched } from './patches.ts'
import { findPlace, type Place, readDocuments } from './source-file.ts'

export type Located = { file: string; line: number; rule: string; message: string }

/** Finds file and line of each finding. */
export async function locateFindings(
  subject: Subject,
  found: readonly RuleFinding[],
): Promise<Located[]> {
  return Promise.all(
    found.map(async ({ resource, path, group, rule, message }) => {
      const origin = resource === undefined ? undefined : subject.origins.get(resource)
      const { file, line } =
        resource === undefined || origin === undefined
          ? await findHome(subject, group)
          : await findInSources(origin, resource, path)
      return { file, line, rule, message }
    }),
  )
}

/** One line for each finding, sorted by file and line, without duplicates. Files are relative to the working folder. */
export function formatFindings(found: readonly Located[]): string {
  const sorted = found.toSorted(
    (a, b) =>
      a.file.localeCompare(b.file, 'en') ||
      a.line - b.line ||
      a.rule.localeCompare(b.rule, 'en') ||
      a.message.localeCompare(b.message, 'en'),
  )
  const lines = sorted.map(
    ({ file, line, rule, message }) =>
      `${relative('', file)}:${line}: [${rule}] ${message.replace(/\s+/g, ' ')}\n`,
  )
  return [...new Set(lines)].join('')
}

/** Looks in the file of the resource, then in each patch that reaches deeper into the path. */
async function findInSources(
  { file, source: known, patchedIn }: Origin,
  resource: Resource,
  path: Path,
): Promise<Place> {
  const source = known ?? findDocument(await readDocuments(file), resource)
  const own = source === undefined ? { line: 1, depth: 0 } : findPlace(source, path, resource)
  const patched = await Promise.all(patchedIn.map((each) => findPatched(each, resource, path)))
  return patched
    .flat()
    .reduce((best, each) => (each.depth > best.depth || each.depth === path.length ? each : best), {
      ...own,
      file,
    })
}

/** A kustomization may have renamed the resource. Then the first document of its kind is taken. */
function findDocument(documents: readonly YamlDocument[], resource: Resource) {
  const ofKind = documents.filter(({ content }) => valueAt(content, ['kind']) === resource.kind)
  const nameOf = ({ content }: YamlDocument) => String(valueAt(content, ['metadata', 'name']))
  return (
    ofKind.find((each) => nameOf(each) === resource.metadata.name) ??
    ofKind.find((each) => resource.metadata.name.includes(nameOf(each))) ??
    ofKind[0]
  )
}

/** Finds the place for a missing resource of `group`: the kustomization with others of its group, or the outermost one. */
async function findHome({ origins, home }: Subject, group = ''): Promise<Omit<Place, 'depth'>> {
  const neighbour = [...origins].find(([{ apiVersion }]) => apiVersion.startsWith(`${group}/`))
  const file = neighbour && join(dirname(neighbour[1].file), 'kustomization.yaml')
  for (const each of file === undefined ? [home] : [file, home]) {
    const [source] = await readDocuments(each).catch(() => [])
    const place = source && findPlace(source, ['resources'], undefined)
    if (place !== undefined) return { file: each, line: place.line }
  }
  return { file: home, line: 1 }
}
