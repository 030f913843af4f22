// The pages of docs/ that are generated from the code.
import { formatApiPage } from './api-page.ts'
import { formatConfigurationPage } from './configuration-page.ts'
import { renderTestCoverage } from './test-coverage.ts'

/** `file` is relative to the root of the repository. */
export type Page = { file: string; text: string }

export async function makePages(): Promise<Page[]> {
  return [
    { file: 'docs/api.md', text: await formatApiPage() },
    { file: 'docs/configuration.md', text: await formatConfigurationPage() },
    { file: 'docs/test-coverage.md', text: renderTestCoverage() },
  ]
}
