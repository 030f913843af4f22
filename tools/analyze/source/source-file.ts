// Reads files as kubectl does, and finds the line of each part.
import { readFile } from 'node:fs/promises'
import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml'
import { listItems, readYaml, type YamlDocument } from '../../kube/yaml.ts'
import { decodeText } from '../../kube/yaml-split.ts'
import { type Path, valueAt } from '../finding.ts'

/** How many parts of a path a source has, and the line of the last one. */
export type Place = { file: string; line: number; depth: number }

/** Reads every document of a file, and every item of a List. Errors are in the documents. */
export async function readDocuments(file: string): Promise<YamlDocument[]> {
  return readYaml(decodeText(await readFile(file))).flatMap(listItems)
}

/**
 * Finds `path`, or the part of it that the source has. `rendered` is the rendered resource. Its list entries are found by
 * name, because a patch may have moved them.
 */
export function findPlace(
  source: YamlDocument,
  path: Path,
  rendered: unknown,
): Omit<Place, 'file'> {
  let node: unknown = source.root
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

/** Returns the path of what begins in `line`. For a key, it is the path of the key and not of its value. */
export function findPath(source: YamlDocument, line: number): Path | undefined {
  return search(source.root, [])

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

function lineOf({ lines, before }: YamlDocument, node: unknown): number {
  const offset = isNode(node) ? node.range?.[0] : undefined
  return before + (offset === undefined ? 1 : lines.linePos(offset).line)
}
