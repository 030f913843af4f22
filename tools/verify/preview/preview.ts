// make preview: what would this change open? Runs the changed resources in a scratch namespace beside the deployed ones, and compares
// who reaches what. Exits with 1 if something opens, 3 if the change is refused, 2 if it cannot be measured.
import { relative } from 'node:path'
import { runMain, say } from '../../cli/terminal.ts'
import { publish } from './publish.ts'
import { checkSources } from './source/check-sources.ts'

await runMain(async () => {
  const start = performance.now()
  const found = await checkSources()
  if (found.length > 0) {
    const refused = found.map(
      ({ file, line, message }) => `${relative('', file)}:${line}: ${message}`,
    )
    await publish({ refused }, start)
    return
  }
  say('  ok    the files are small, and read nothing else')
  // Not before: this reads the manifests that CONFIG names.
  const { runPreview } = await import('./run-preview.ts')
  await publish(await runPreview(), start)
}, 2)
