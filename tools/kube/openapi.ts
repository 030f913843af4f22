// The schemas that the API server publishes for its kinds. Unlike the CRDs, every user may read them.
import { z } from 'zod'
import { kubectlJson } from './kubectl.ts'

const document = z.object({
  components: z.object({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())) }),
})

/** Returns the schemas of an API version with a group, by kind. */
export async function readSchemas(apiVersion: string): Promise<ReadonlyMap<string, unknown>> {
  const args = ['get', '--raw', `/openapi/v3/apis/${apiVersion}`]
  const { components } = await kubectlJson(document, args)
  return new Map(
    Object.values(components.schemas).flatMap((schema) => {
      const [of] = Object(schema['x-kubernetes-group-version-kind'] ?? [])
      return of === undefined ? [] : [[String(of.kind), schema]]
    }),
  )
}

/** Returns the fields of `value` that `schema` does not have, such as "spec.provider.gcpsm.x". */
export function listUnknownFields(value: unknown, schema: unknown, path = ''): string[] {
  const { type, properties, additionalProperties, items, ...rest } = Object(schema)
  if (Array.isArray(value)) return value.flatMap((each) => listUnknownFields(each, items, path))
  const isFree = type !== 'object' || rest['x-kubernetes-preserve-unknown-fields'] === true
  if (typeof value !== 'object' || value === null || isFree) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = Object(properties)[name] ?? additionalProperties
    const place = path === '' ? name : `${path}.${name}`
    return known === undefined ? [place] : listUnknownFields(inner, known, place)
  })
}
