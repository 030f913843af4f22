// What is generated from the code: pages of docs/, and the JSON Schema of signing.yaml for editors.
import { jsonSchema } from '../kube/application/json-schema.ts'
import { formatApiPage } from './api-page.ts'
import { formatConfigurationPage } from './configuration-page.ts'
import { renderTestCoverage } from './test-coverage.ts'

/** `file` is relative to the root of the repository. */
export type Page = { file: string; text: string }

export async function makePages(): Promise<Page[]> {
  return [
    { file: 'docs/api.md', text: await formatApiPage() },
    { file: 'docs/configuration.md', text: await formatConfigurationPage() },
    { file: 'signing.schema.json', text: `${JSON.stringify(jsonSchema, null, 2)}\n` },
    { file: 'docs/test-coverage.md', text: renderTestCoverage() },
  ]
}
