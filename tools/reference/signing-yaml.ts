// The annotated example of signing.yaml in docs/configuration.md: each field with its meaning, from the schema.
import { stringify } from 'yaml'
import { type FieldSchema, jsonSchema } from '../kube/application/json-schema.ts'

const LINE = 100

/** Returns YAML that is valid by the schema. Optional fields are there too. */
export function formatSigningYaml(): string {
  const required = jsonSchema.required ?? []
  return Object.entries(jsonSchema.properties ?? {})
    .map(([name, field]) => {
      const kind = required.includes(name) ? 'Required.' : 'Optional.'
      const inner = listInner(field, name).map((line) => `#   ${line}\n`)
      return `# ${field.description} ${kind}\n${inner.join('')}${formatField(name, field)}`
    })
    .join('')
}

function formatField(name: string, { examples, description }: FieldSchema): string {
  const [example] = examples ?? []
  if (example === undefined || description === undefined)
    throw new Error(`${name} is not described`)
  const options = { lineWidth: 0, flowCollectionPadding: false } as const
  const line = stringify({ [name]: example }, { ...options, collectionStyle: 'flow' }).slice(1, -2)
  return line.length <= LINE ? `${line}\n` : stringify({ [name]: example }, options)
}

/** Lists the fields inside a field that have a description of their own. */
function listInner({ properties = {} }: FieldSchema, path: string): string[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const own = `${path}.${name}`
    const text = field.description === undefined ? [] : [`${own}: ${field.description}`]
    return [...text, ...listInner(field, own)]
  })
}
