// Kubernetes resources as the programs and tests here see them: a name, and the rest as it is.
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'

/** Generated YAML sometimes says `null` where it means nothing. */
const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((found) => found ?? undefined)

export const resourceSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: labels.optional(),
    annotations: labels.optional(),
  }),
})

export type Resource = z.infer<typeof resourceSchema>

/** What `kubectl get` prints: a List, or, if it found exactly one, the resource itself. Parsed, it is always a list. */
export function listOf<T>(item: z.ZodType<T>): z.ZodType<T[]> {
  return z.union([
    z.object({ items: z.array(item) }).transform(({ items }) => items),
    item.transform((resource) => [resource]),
  ])
}

/** Parses a stream of YAML documents; empty documents are left out. Throws on broken YAML or what is no resource. */
export function parseResources(yaml: string): Resource[] {
  return parseAllDocuments(yaml)
    .map((document) => {
      const error = document.errors[0]
      if (error !== undefined) throw error
      return document.toJS() as unknown
    })
    .filter((content) => content !== null)
    .map((content) => resourceSchema.parse(content))
}

/** For people, e.g. "Deployment/secure-signing". */
export function describeResource(resource: Resource): string {
  return `${resource.kind}/${resource.metadata.name}`
}

/** Each kind and name once, the last of them. */
export function dropRepeated(resources: readonly Resource[]): Resource[] {
  return [...new Map(resources.map((each) => [describeResource(each), each])).values()]
}
