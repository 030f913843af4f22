// What a folder of a pull request may contain, before any program reads it as YAML: few and small files, no links to elsewhere, no
// YAML that grows, and kustomizations that read only the folder and this checkout.
import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { parseAllDocuments, visit } from 'yaml'
import { CHECKOUT } from '../../../cli/checkout.ts'
import { checkKustomization, isKustomization } from './check-kustomization.ts'

export type FileFinding = { file: string; line: number; message: string }

const mostFiles = 500
const mostBytes = 1_000_000
const mostAliases = 20
const skipped = /^(\.git|node_modules)$/

/** `path`: a file or a folder. Returns what is refused. */
export async function checkFolder(path: string): Promise<FileFinding[]> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return [{ file: path, line: 1, message: 'does not exist' }]
  const home = await realpath(found.isDirectory() ? path : dirname(path))
  // A checkout of this project in the folder is trusted, and may be large.
  const files = await listFiles(found.isDirectory() ? home : await realpath(path), [CHECKOUT])
  if (files.length > mostFiles) {
    const message = `has more than ${mostFiles} files. Set FILES to the folder of the application`
    return [{ file: path, line: 1, message }]
  }
  return (await Promise.all(files.map((file) => checkFile(file, home)))).flat()
}

async function listFiles(path: string, without: readonly string[]): Promise<string[]> {
  if (without.includes(path)) return []
  const found = await lstat(path)
  if (!found.isDirectory()) return [path]
  const names = (await readdir(path)).filter((name) => !skipped.test(name))
  const listed: string[] = []
  for (const name of names) {
    if (listed.length > mostFiles) break
    listed.push(...(await listFiles(join(path, name), without)))
  }
  return listed
}

async function checkFile(file: string, home: string): Promise<FileFinding[]> {
  const refuse = (message: string, line = 1) => [{ file, line, message }]
  const found = await lstat(file)
  if (found.isSymbolicLink()) {
    const target = await realpath(file).catch(() => '')
    return isWithin(target, home) ? [] : refuse('is a link to a place outside of the folder')
  }
  if (!found.isFile()) return refuse('is no file')
  if (!/\.(ya?ml|json)$/.test(file) && !isKustomization(basename(file))) return []
  if (found.size > mostBytes) return refuse(`has more than ${mostBytes} bytes`)
  const text = await readFile(file, 'utf8')
  const aliases = countAliases(text)
  if (aliases > mostAliases) {
    return refuse(
      `has ${aliases} YAML aliases, and a preview reads at most ${mostAliases} in a file`,
    )
  }
  if (!isKustomization(basename(file))) return []
  return (await checkKustomization(text, (path) => isAllowed(path, file, home))).flatMap(
    (message) => refuse(message),
  )
}

/** Counts without resolving them. */
function countAliases(text: string): number {
  let count = 0
  for (const document of parseAllDocuments(text, { uniqueKeys: false })) {
    visit(document, {
      Alias() {
        count += 1
      },
    })
  }
  return count
}

/** Whether a kustomization in `file` may read `path`. */
async function isAllowed(path: string, file: string, home: string): Promise<boolean> {
  if (/^[a-z+]+:\/\/|[?@]|\.git\b|^[^./][^/]*\.[a-z]+\//.test(path)) return false
  const target = await realpath(resolve(dirname(file), path)).catch(() => undefined)
  return target !== undefined && (isWithin(target, home) || isWithin(target, CHECKOUT))
}

function isWithin(path: string, home: string): boolean {
  const way = relative(home, path)
  return path !== '' && way !== '..' && !way.startsWith('../') && !way.startsWith('/')
}
