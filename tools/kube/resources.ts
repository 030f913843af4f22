// Parses and names Kubernetes resources. Everything but the metadata stays as it is.
import { stringify } from 'yaml'
import { z } from 'zod'
import { describeYamlError, listItems, readYaml } from './yaml.ts'

/** Generated YAML sometimes has `null` instead of no labels. */
const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((found) => found ?? undefined)

export const resourceSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z
      .string()
      .transform((found) => found || undefined)
      .optional(),
    labels: labels.optional(),
    annotations: labels.optional(),
  }),
})

export type Resource = z.infer<typeof resourceSchema>

/** Parses the output of `kubectl get` to a list. With one result, kubectl prints the resource alone. */
export function listOf<T>(item: z.ZodType<T>): z.ZodType<T[]> {
  return z.union([
    z.object({ items: z.array(item) }).transform(({ items }) => items),
    item.transform((resource) => [resource]),
  ])
}

/** Parses a stream of YAML documents and Lists, as kubectl does. Throws if one is invalid or is not a resource. */
export function parseResources(yaml: string): Resource[] {
  const documents = readYaml(yaml)
  const error = documents.find((each) => each.error !== undefined)?.error
  if (error !== undefined) throw new Error(describeYamlError(error))
  return documents
    .flatMap(listItems)
    .filter(({ content }) => content !== null)
    .map(({ content }) => resourceSchema.parse(withoutNulls(content)))
}

/** Removes the fields that are null. For the API server, these are not there. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([, inner]) => inner !== null)
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]))
}

/** YAML, because kubectl 1.32 reads no stream of JSON. Text has quotes where a YAML version reads something else. */
export function formatResources(resources: readonly Resource[]): string {
  const quoted = {
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    compat: 'yaml-1.1',
  } as const
  return resources.map((each) => stringify(each, quoted)).join('---\n')
}

/** Returns kind and name, for example "Deployment/secure-signing". */
export function describeResource(resource: Resource): string {
  return `${resource.kind}/${resource.metadata.name}`
}

/** Returns a text that only this resource has, for every version of its API group. */
export function resourceKey({ apiVersion, kind, metadata }: Resource): string {
  const group = apiVersion.includes('/') ? apiVersion.replace(/\/.*/, '') : ''
  return [group, kind, metadata.namespace ?? '', metadata.name].join('/')
}

/** Returns each kind and name once. The last one counts. */
export function removeDuplicates(resources: readonly Resource[]): Resource[] {
  return [...new Map(resources.map((each) => [describeResource(each), each])).values()]
}
