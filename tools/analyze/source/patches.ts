// Finds lines in a kustomization's patches, because a patch may cause a finding.
import { dirname, resolve } from 'node:path'
import { isMap, isScalar, isSeq } from 'yaml'
import type { Resource } from '../../kube/resources.ts'
import { readYaml, type YamlDocument } from '../../kube/yaml.ts'
import { type Path, valueAt } from '../finding.ts'
import { findPlace, type Place, readDocuments } from './source-file.ts'

type Patch = { file: string; source: YamlDocument; target: unknown }

/** Returns how far each patch of `kustomization` follows `path` in `resource`, in the order of the patches. */
export async function findPatched(
  kustomization: string,
  resource: Resource,
  path: Path,
): Promise<Place[]> {
  const patches = await readPatches(kustomization)
  return patches.flatMap(({ file, source, target }) => {
    const { content } = source
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

/** Reads patches in files and inline patches. */
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
      // A block scalar begins in the line after its "|".
      const before = text.type?.startsWith('BLOCK') ? line : line - 1
      return readYaml(text.value, before).map((each) => ({
        file: kustomization,
        source: each,
        target,
      }))
    }),
  )
  return found.flat()
}

/** Returns the operations of a JSON patch that set `path` or a parent of it. */
function findOperations(
  source: YamlDocument,
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

/** kustomize's `target`: kind and name are regular expressions that must match the whole value. */
function isFor(target: unknown, { kind, metadata }: Resource): boolean {
  const matches = (field: string, value: string) => {
    const wanted = valueAt(target, [field])
    return typeof wanted !== 'string' || new RegExp(`^(?:${wanted})$`).test(value)
  }
  return target !== undefined && matches('kind', kind) && matches('name', metadata.name)
}
