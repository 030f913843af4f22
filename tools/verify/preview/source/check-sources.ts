// Checks what a pull request gives, before any program of this project reads it.
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { CHECKOUT } from '../../../cli/checkout.ts'
import { readVariable } from '../../../cli/make-variables.ts'
import { parseSigningConfig } from '../../../kube/application/parse.ts'
import { checkFolder, type FileFinding } from './check-folder.ts'

/** Returns what is refused. The manifests that CONFIG names count, too, but not those of this checkout. */
export async function checkSources(): Promise<FileFinding[]> {
  const files = readVariable('FILES')
  const paths = [...(files === undefined ? [] : [resolve(files)]), ...(await listManifests())]
  return (await Promise.all(paths.map(checkFolder))).flat()
}

async function listManifests(): Promise<string[]> {
  const file = readVariable('CONFIG')
  if (file === undefined) return []
  const text = await readFile(file, 'utf8').catch(() => '')
  const parsed = parseSigningConfig(text)
  // The next reader of the file says what is wrong in it.
  if ('mistakes' in parsed) return []
  return parsed.config.resources
    .map((path) => resolve(dirname(file), path))
    .filter((path) => !path.startsWith(`${CHECKOUT}/`))
}
