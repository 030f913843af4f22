// From a place in a resource to file and line of what somebody wrote.
import { relative } from 'node:path'
import type { Resource } from '../deploy/resources.ts'
import type { Judgement } from './rule.ts'
import { findLine, readDocuments, type SourceDocument } from './source-file.ts'
import type { Origin, Subject } from './subject.ts'

export type Located = { file: string; line: number; rule: string; message: string }

/** Finds file and line of each finding. */
export async function locateFindings(
  { origins, home }: Subject,
  found: readonly Judgement[],
): Promise<Located[]> {
  return Promise.all(
    found.map(async ({ resource, path, rule, message }) => {
      const origin = resource === undefined ? undefined : origins.get(resource)
      const file = origin?.file ?? home
      const line =
        resource === undefined || origin === undefined
          ? await findHomeLine(home)
          : await findResourceLine(origin, resource, path)
      return { file, line, rule, message }
    }),
  )
}

/** One line each, by file and line, none twice; files are named from the working folder. */
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

async function findResourceLine(
  { file, index }: Origin,
  resource: Resource,
  path: Judgement['path'],
): Promise<number> {
  const documents = await readDocuments(file)
  const source = index === undefined ? findDocument(documents, resource) : documents[index]
  return source === undefined ? 1 : findLine(source, path, resource)
}

/** A kustomization may have renamed the resource: then the only one of its kind is meant. */
function findDocument(documents: readonly SourceDocument[], resource: Resource) {
  const ofKind = documents.filter(({ document }) => document.get('kind') === resource.kind)
  return (
    ofKind.find(
      ({ document }) => document.getIn(['metadata', 'name']) === resource.metadata.name,
    ) ??
    ofKind.find(({ document }) =>
      resource.metadata.name.includes(String(document.getIn(['metadata', 'name']))),
    ) ??
    ofKind[0]
  )
}

/** Of a kustomization the list of its resources. */
async function findHomeLine(home: string): Promise<number> {
  const [source] = await readDocuments(home).catch(() => [])
  return source === undefined ? 1 : findLine(source, ['resources'], undefined)
}
