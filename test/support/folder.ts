// Temporary folders, removed after the test.
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { cleanUp } from './clean-up.ts'

export type Entries = Record<string, string | Uint8Array>

export async function makeFolder(parent = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(parent, 'secure-signing-'))
  cleanUp(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Makes a folder in the checkout, because kustomize takes relative paths. */
export async function makeRenderFolder(): Promise<string> {
  const parent = join(CHECKOUT, '.deploy')
  await mkdir(parent, { recursive: true })
  return makeFolder(parent)
}

/** Makes a folder for the PATH, with shell scripts as programs. */
export async function makePrograms(scripts: Record<string, string>): Promise<string> {
  const bin = await makeFolder()
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }
  return bin
}

/** Fills `folder` as kubelet does: one folder per generation, `..data` links to the newest, one link per entry. */
export async function mountEntries(folder: string, entries: Entries, generation = '1') {
  const data = join(folder, `..2026_${generation}`)
  await mkdir(data)
  for (const [name, content] of Object.entries(entries)) {
    await writeFile(join(data, name), content)
    await symlink(join('..data', name), join(folder, name)).catch(() => {})
  }
  await symlink(`..2026_${generation}`, join(folder, '..data_tmp'))
  await rename(join(folder, '..data_tmp'), join(folder, '..data'))
}

/** Makes a folder that looks like a mounted volume. */
export async function makeVolume(entries: Entries): Promise<string> {
  const folder = await makeFolder()
  await mountEntries(folder, entries)
  return folder
}
