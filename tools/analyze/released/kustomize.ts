// Renders folders of k8s/ and mesh/ as kustomize does, within a millisecond. It knows the parts of kustomize that they use. Values that
// each deployment fills in by replacements keep what the files have.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { CHECKOUT } from '../../cli/checkout.ts'
import { isLocal } from '../../deploy/render/local-resource.ts'
import { parseResources, type Resource } from '../../kube/resources.ts'
import { parseYaml } from '../../kube/yaml.ts'
import { applyPatch, operations } from './json-patch.ts'
import { type MergePatch, mergePatch } from './strategic-merge.ts'

/** `purpose`: the first sentence of the file's header. */
export type Shipped = { resource: Resource; purpose: string }

const text = z.string()
const target = z.object({
  group: text.optional(),
  kind: text.optional(),
  name: text.optional(),
  labelSelector: text.optional(),
})
const kustomization = z.object({
  namespace: text.optional(),
  resources: z.array(text).default([]),
  components: z.array(text).default([]),
  patches: z
    .array(z.object({ target: target.optional(), patch: text.optional(), path: text.optional() }))
    .default([]),
  labels: z
    .array(z.object({ pairs: z.record(text, text), includeTemplates: z.boolean().default(false) }))
    .default([]),
})
type Kustomization = z.infer<typeof kustomization>
const mergeSchema = z.looseObject({
  kind: text,
  metadata: z.looseObject({ name: text }),
  $patch: text.optional(),
})
const kustomizations = new Map<string, Kustomization>()
const files = new Map<string, readonly Shipped[]>()

/** Adds what the kustomization in `folder` adds, and applies its patches, as for a component. */
export function addFolder(found: readonly Shipped[], folder: string): readonly Shipped[] {
  const { namespace, resources, components, patches, labels } = readKustomization(folder)
  const own = resources.flatMap((name) => {
    const path = join(folder, name)
    return name.endsWith('.yaml') ? readFile(path) : addFolder([], path)
  })
  const all = components.reduce<readonly Shipped[]>(
    (each, name) => addFolder(each, join(folder, name)),
    [...found, ...own],
  )
  const patched = patches.reduce<readonly Shipped[]>((each, { target: wanted, patch, path }) => {
    const content = patch ?? readText(join(folder, path ?? ''))
    return patchAll(each, wanted, parseYaml(content))
  }, all)
  return patched.map(({ resource, purpose }) => ({
    purpose,
    resource: labels.reduce(addLabels, namespace ? inNamespace(resource, namespace) : resource),
  }))
}

function patchAll(
  found: readonly Shipped[],
  wanted: z.infer<typeof target> | undefined,
  content: unknown,
): readonly Shipped[] {
  if (Array.isArray(content)) {
    const patch = operations.parse(content)
    return change(found, wanted ?? {}, (each) => applyPatch(each, patch))
  }
  const { $patch, kind, metadata, ...rest } = mergeSchema.parse(content)
  const named = wanted ?? { kind, name: metadata.name }
  if ($patch === 'delete') return found.filter(({ resource }) => !isTarget(resource, named))
  const patch: MergePatch = { ...rest, metadata }
  return change(found, named, (each) => mergePatch(each, patch))
}

function change(
  found: readonly Shipped[],
  wanted: z.infer<typeof target>,
  one: (resource: Resource) => Resource,
): readonly Shipped[] {
  return found.map((each) =>
    isTarget(each.resource, wanted) ? { ...each, resource: one(each.resource) } : each,
  )
}

function isTarget(
  { apiVersion, kind, metadata }: Resource,
  wanted: z.infer<typeof target>,
): boolean {
  const fits = (pattern: string | undefined, value: string) =>
    pattern === undefined || new RegExp(`^(${pattern})$`).test(value)
  const labels = wanted.labelSelector?.split(',').map((each) => each.split('=')) ?? []
  return (
    (wanted.group === undefined || apiVersion.startsWith(`${wanted.group}/`)) &&
    fits(wanted.kind, kind) &&
    fits(wanted.name, metadata.name) &&
    labels.every(([name = '', value]) => metadata.labels?.[name] === value)
  )
}

function inNamespace(resource: Resource, namespace: string): Resource {
  return { ...resource, metadata: { ...resource.metadata, namespace } }
}

function addLabels(
  resource: Resource,
  { pairs, includeTemplates }: Kustomization['labels'][number],
): Resource {
  const metadata = { labels: pairs }
  const spec = Object(resource.spec)
  const isTemplate = includeTemplates && 'template' in spec
  return mergePatch(resource, { metadata, ...(isTemplate && { spec: { template: { metadata } } }) })
}

function readKustomization(folder: string): Kustomization {
  const path = join(folder, 'kustomization.yaml')
  const found = kustomizations.get(path) ?? kustomization.parse(parseYaml(readText(path)))
  kustomizations.set(path, found)
  return found
}

function readFile(path: string): readonly Shipped[] {
  const found = files.get(path) ?? parseShipped(readText(path))
  files.set(path, found)
  return found
}

function parseShipped(content: string): Shipped[] {
  const header = /^(#.*\n)*/.exec(content)?.[0].replaceAll(/^# ?/gm, '').replaceAll('\n', ' ') ?? ''
  const purpose = /^.*?\.(?= |$)/.exec(header)?.[0] ?? ''
  return parseResources(content)
    .filter((resource) => !isLocal(resource))
    .map((resource) => ({ resource, purpose }))
}

function readText(path: string): string {
  return readFileSync(join(CHECKOUT, path), 'utf8')
}
