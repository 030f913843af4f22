// A table of the fields of a JSON object, from its schema (JSON Schema, draft 2020-12).
import { asCode, formatTable } from './markdown.ts'

export type FieldSchema = {
  type?: string
  description?: string
  default?: unknown
  const?: unknown
  enum?: readonly unknown[]
  pattern?: string
  minItems?: number
  maxItems?: number
  items?: FieldSchema
}
export type ObjectSchema = {
  properties?: Readonly<Record<string, FieldSchema>>
  required?: readonly string[]
}

/** Returns a table with a row for each field. `owner` is the title, for example "request". A schema's own description counts first. */
export function formatFields(
  owner: string,
  { properties = {}, required = [] }: ObjectSchema,
  meanings: Readonly<Record<string, string>> = {},
): string {
  const rows = Object.entries(properties).map(([name, schema]) => [
    asCode(name),
    describeValue(schema),
    required.includes(name) ? 'yes' : describeDefault(schema),
    schema.description ?? meanings[name] ?? '',
  ])
  return formatTable([owner, 'value', 'required', 'meaning'], rows)
}

function describeValue(schema: FieldSchema): string {
  const { type, pattern, items, minItems, maxItems } = schema
  if (schema.const !== undefined) return asCode(JSON.stringify(schema.const))
  if (schema.enum !== undefined) {
    return schema.enum.map((each) => asCode(JSON.stringify(each))).join(' or ')
  }
  if (items !== undefined) return `list of ${minItems} to ${maxItems}: ${describeValue(items)}`
  return pattern === undefined ? `${type}` : `${type} like ${asCode(pattern)}`
}

function describeDefault(schema: FieldSchema): string {
  return schema.default === undefined ? 'no' : `default ${asCode(JSON.stringify(schema.default))}`
}
