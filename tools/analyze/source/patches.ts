// What a kustomization's patches say about a resource, with the line of everything: a mistake may be theirs.
import { dirname, resolve } from 'node:path'
import { isMap, isScalar, isSeq } from 'yaml'
import type { Resource } from '../../kube/resources.ts'
import { type Path, valueAt } from '../finding.ts'
import {
  findPlace,
  type Place,
  parseDocuments,
  readDocuments,
  type SourceDocument,
} from './source-file.ts'

type Patch = { file: string; source: SourceDocument; target: unknown }

/** Where the patches of `kustomization` reach on `path` in `resource`, in their order. */
export async function findPatched(
  kustomization: string,
  resource: Resource,
  path: Path,
): Promise<Place[]> {
  const patches = await readPatches(kustomization)
  return patches.flatMap(({ file, source, target }) => {
    const content: unknown = source.document.toJS()
    if (Array.isArray(content)) {
      return isFor(target, resource) ? findOperations(source, content, path, file) : []
    }
    const isOfKind = valueAt(content, ['kind']) === resource.kind
    const isNamed = valueAt(content, ['metadata', 'name']) === resource.metadata.name
    return isFor(target, resource) || (target === undefined && isOfKind && isNamed)
      ? [{ ...findPlace(source, path, resource), file }]
      : []
  })
}

/** Patches in files of their own, and those that are written in the kustomization. */
async function readPatches(kustomization: string): Promise<Patch[]> {
  const [source] = await readDocuments(kustomization)
  const list = source?.document.get('patches')
  if (source === undefined || !isSeq(list)) return []
  const found = await Promise.all(
    list.items.filter(isMap).map(async (entry) => {
      const target: unknown = entry.toJS(source.document).target
      const path = entry.get('path')
      if (typeof path === 'string') {
        const file = resolve(dirname(kustomization), path)
        return (await readDocuments(file)).map((each) => ({ file, source: each, target }))
      }
      const text = entry.get('patch', true)
      if (!isScalar(text) || typeof text.value !== 'string') return []
      const { line } = source.lines.linePos(text.range?.[0] ?? 0)
      // The text of a block begins in the line after its "|".
      const before = text.type?.startsWith('BLOCK') ? line : line - 1
      return parseDocuments(text.value, before).map((each) => ({
        file: kustomization,
        source: each,
        target,
      }))
    }),
  )
  return found.flat()
}

/** The operations of a JSON patch that set `path` or something around it. */
function findOperations(
  source: SourceDocument,
  operations: readonly unknown[],
  path: Path,
  file: string,
): Place[] {
  return operations.flatMap((operation, index) => {
    const pointer = valueAt(operation, ['path'])
    if (typeof pointer !== 'string' || valueAt(operation, ['op']) === 'test') return []
    const parts = pointer.split('/').slice(1)
    const keys = parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    const isAround = keys.every((key, depth) => key === '-' || key === String(path[depth]))
    return isAround ? [{ line: findPlace(source, [index], {}).line, depth: keys.length, file }] : []
  })
}

/** kustomize's `target`: kind and name are regular expressions that have to match whole. */
function isFor(target: unknown, { kind, metadata }: Resource): boolean {
  const matches = (field: string, value: string) => {
    const wanted = valueAt(target, [field])
    return typeof wanted !== 'string' || new RegExp(`^(?:${wanted})$`).test(value)
  }
  return target !== undefined && matches('kind', kind) && matches('name', metadata.name)
}
