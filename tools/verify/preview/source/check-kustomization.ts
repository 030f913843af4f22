// The fields of a kustomization that a preview reads: no plugins, charts, remote bases or generated Secrets.
import { parse } from 'yaml'

const names = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']
/** Fields without paths. */
const plain = [
  ...['apiVersion', 'kind', 'metadata', 'namespace', 'labels', 'commonLabels', 'images'],
  ...['commonAnnotations', 'sortOptions', 'generatorOptions', 'replicas', 'buildMetadata'],
]
/** Lists of paths, or of objects with paths. */
const paths = ['resources', 'components', 'patches', 'replacements', 'configMapGenerator']
/** Lists of paths into this project, whose transformers copy the image of the signer into the policies. */
const trusted = ['transformers']
const pathKeys = ['path', 'files', 'envs', 'env']

export function isKustomization(name: string): boolean {
  return names.includes(name)
}

/** Returns what is refused. `isAllowed`: whether kustomize may read a path. */
export async function checkKustomization(
  text: string,
  isAllowed: (path: string) => Promise<boolean>,
): Promise<string[]> {
  const content: unknown = parse(text, { maxAliasCount: 20, uniqueKeys: false })
  const fields = Object.entries(Object(content))
  const unknown = fields
    .map(([name]) => name)
    .filter((name) => ![...plain, ...paths, ...trusted].includes(name))
  const inline = fields
    .filter(([name]) => trusted.includes(name))
    .flatMap(([, value]) => listOf(value))
    .filter((each) => typeof each !== 'string' || each.includes('\n') || !/k8s\//.test(each))
  const used = fields
    .filter(([name]) => [...paths, ...trusted].includes(name))
    .flatMap(([, value]) => listOf(value).flatMap(listPaths))
  const refused = await Promise.all(
    used.map(async (path) => ((await isAllowed(path)) ? [] : [path])),
  )
  return [
    ...unknown.map((name) => `uses the field ${name}, which no preview runs`),
    ...inline.map(() => 'has a transformer of its own, which no preview runs'),
    ...refused
      .flat()
      .map((path) => `reads ${path}, which is not in the folder or in this checkout`),
  ]
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value]
}

function listPaths(entry: unknown): string[] {
  if (typeof entry === 'string') return entry.includes('\n') ? [] : [entry]
  return Object.entries(Object(entry))
    .filter(([key]) => pathKeys.includes(key))
    .flatMap(([, value]) => listOf(value).map(String))
    .map((path) => path.replace(/^[^/=]+=/, ''))
}
