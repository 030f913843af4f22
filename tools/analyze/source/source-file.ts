// YAML files with the line of everything in them.
import { readFile } from 'node:fs/promises'
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type ScalarTag,
} from 'yaml'
import { type Path, valueAt } from '../finding.ts'

/** `before`: the lines before the first one, if the document is a part of something larger. */
export type SourceDocument = { document: Document; lines: LineCounter; before: number }

/** How far a path leads in a source, and in which line it ends. */
export type Place = { file: string; line: number; depth: number }

/** Modes of files are written like this, and Kubernetes' tools, which know YAML 1.1, read them so. */
const octal: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^0[0-7]+$/,
  resolve: (digits) => Number.parseInt(digits, 8),
}

/** Parses every document of a file; errors are in the documents. */
export async function readDocuments(file: string): Promise<SourceDocument[]> {
  return parseDocuments(await readFile(file, 'utf8'))
}

export function parseDocuments(text: string, before = 0): SourceDocument[] {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    customTags: (tags) => [octal, ...tags],
  })
  return [...documents].map((document) => ({ document, lines, before }))
}

/**
 * Where `path` leads, or the part of it that is in the source. `rendered` is what was made of the source: its named
 * list entries are found by their name, since a patch may have moved them.
 */
export function findPlace(
  source: SourceDocument,
  path: Path,
  rendered: unknown,
): Omit<Place, 'file'> {
  let node: unknown = source.document.contents
  let line = lineOf(source, node)
  for (const [depth, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(source.document)
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
      if (pair === undefined) return { line, depth }
      line = lineOf(source, pair.key)
      node = pair.value
    } else if (isSeq(node)) {
      const name = valueAt(rendered, [...path.slice(0, depth + 1), 'name'])
      const item = node.items.find((each, index) =>
        typeof name === 'string' && isMap(each) ? each.get('name') === name : index === part,
      )
      if (item === undefined) return { line, depth }
      line = lineOf(source, item)
      node = item
    } else return { line, depth }
  }
  return { line, depth: path.length }
}

/** The path of what begins in `line`: of a key, the key itself and not what stands behind it. */
export function findPath(source: SourceDocument, line: number): Path | undefined {
  return search(source.document.contents, [])

  function search(node: unknown, path: Path): Path | undefined {
    const isHere = (each: unknown) => lineOf(source, each) === line
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        const here = [...path, isScalar(key) ? String(key.value) : '']
        const found = isHere(key) ? here : search(value, here)
        if (found !== undefined) return found
      }
    }
    if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) {
        const here = [...path, index]
        const found = search(item, here) ?? (isHere(item) ? here : undefined)
        if (found !== undefined) return found
      }
    }
    return undefined
  }
}

function lineOf({ lines, before }: SourceDocument, node: unknown): number {
  const offset = isNode(node) ? node.range?.[0] : undefined
  return before + (offset === undefined ? 1 : lines.linePos(offset).line)
}
