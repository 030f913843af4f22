// The JSON Schema of signing.yaml, for editors, for docs/configuration.md and for error messages.
import { z } from 'zod'
import { signingSchema } from './schema.ts'

export type FieldSchema = {
  type?: string
  description?: string
  default?: unknown
  examples?: unknown[]
  required?: string[]
  properties?: Record<string, FieldSchema>
  items?: FieldSchema
  additionalProperties?: FieldSchema | false
}

export const jsonSchema = z.toJSONSchema(signingSchema, { io: 'input' }) as FieldSchema

/** Returns the schema of a field, for example of ["routes", 0, "method"]. Returns an empty one for an unknown field. */
export function describeField(path: readonly PropertyKey[]): FieldSchema {
  return path.reduce<FieldSchema>((found, key) => {
    if (typeof key === 'number') return found.items ?? {}
    return found.properties?.[String(key)] ?? (found.additionalProperties || {})
  }, jsonSchema)
}
