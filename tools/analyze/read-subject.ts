// Reads what FILES names: a kustomization, a folder of YAML, or a file.
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { UserError } from '../cli/terminal.ts'
import { readKustomization } from './source/kustomized.ts'
import { readFiles } from './source/plain-yaml.ts'
import type { Subject } from './subject.ts'

const kustomizations = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']
const todo = 'Set FILES to a kustomization, a folder of YAML or a file.'

/** Writes its own files to `folder`. Throws UserError if there is nothing to read. */
export async function readSubject(path: string, folder: string): Promise<Subject> {
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
  const files = await listYaml(path)
  if (files.length === 0) throw new UserError(`no YAML files in ${path}`, todo)
  return readFiles(files, path, folder)
}

async function listYaml(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true })
  return names
    .filter((name) => /\.ya?ml$/.test(name) && !/(^|\/)(\.|node_modules\/)/.test(name))
    .filter((name) => !kustomizations.includes(basename(name)))
    .toSorted()
    .map((name) => join(folder, name))
}
