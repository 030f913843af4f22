// Reads what FILES names: a kustomization, a folder of YAML or JSON, a file, or standard input.
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { UserError } from '../cli/terminal.ts'
import { listItems, readYaml } from '../kube/yaml.ts'
import { decodeText } from '../kube/yaml-split.ts'
import { readKustomization } from './source/kustomized.ts'
import { takeDocuments } from './source/plain-yaml.ts'
import { readDocuments } from './source/source-file.ts'
import type { Subject } from './subject.ts'

const kustomizations = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']
const todo =
  'Set FILES to a kustomization, a folder of YAML or JSON, a file, or - for standard input.'

/** Writes its own files to `folder`. Throws UserError if there is nothing to read. */
export async function readSubject(files: string, folder: string): Promise<Subject> {
  if (files === '-') {
    const documents = readYaml(decodeText(await buffer(process.stdin))).flatMap(listItems)
    return takeDocuments(new Map([['stdin', documents]]), 'stdin', folder)
  }
  if (/^https?:\/\//.test(files)) {
    throw new UserError(
      `make analyze does not fetch ${files}`,
      'Save it to a file first, and set FILES to the file.',
    )
  }
  const path = resolve(files)
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw new UserError(`${path} does not exist`, todo)
  if (!found.isDirectory()) {
    return kustomizations.includes(basename(path))
      ? readKustomization(path, folder)
      : readFiles([path], dirname(path), folder)
  }
  const names = await readdir(path)
  const kustomization = kustomizations.find((name) => names.includes(name))
  if (kustomization !== undefined) return readKustomization(join(path, kustomization), folder)
  const listed = await listFiles(path)
  if (listed.length === 0) throw new UserError(`no YAML or JSON files in ${path}`, todo)
  return readFiles(listed, path, folder)
}

async function readFiles(files: readonly string[], home: string, folder: string): Promise<Subject> {
  const read = await Promise.all(
    files.map(async (file) => [file, await readDocuments(file)] as const),
  )
  return takeDocuments(new Map(read), home, folder)
}

/** Lists the files that kubectl would read in `folder` with --recursive. */
async function listFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true })
  return names
    .filter((name) => /\.(?:ya?ml|json)$/.test(name) && !/(^|\/)(\.|node_modules\/)/.test(name))
    .filter((name) => !kustomizations.includes(basename(name)))
    .toSorted()
    .map((name) => join(folder, name))
}
