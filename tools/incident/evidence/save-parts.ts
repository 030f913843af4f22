// Saves parts of the evidence. A part that fails does not stop the others.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { forEachAtMost } from '../../cli/at-most.ts'
import { runToFile } from '../../cli/run-to-file.ts'
import type { Unread } from './record.ts'
import type { Part } from './resources.ts'

/** A busy API server is part of an incident. */
const partsAtOnce = 4

/** Writes each part into the folder, and returns what could not be read. */
export async function saveParts(
  parts: readonly Part[],
  folder: string,
  save = saveOutput,
): Promise<Unread[]> {
  await mkdir(folder, { mode: 0o700 })
  const unread: Unread[] = []
  await forEachAtMost(partsAtOnce, parts, async (part) => {
    unread.push(...(await savePart(part, folder, save)))
  })
  return unread
}

async function savePart({ file, args, fallback }: Part, folder: string, save: typeof saveOutput) {
  const path = join(folder, file)
  const why = await save(args, path)
  if (why === undefined) return []
  if (fallback === undefined || (await save(fallback, path)) !== undefined)
    return [{ what: file, why }]
  return [{ what: `${file} has only the namespace of the application`, why }]
}

/** Returns why kubectl failed. A failed part leaves no file. */
async function saveOutput(args: readonly string[], path: string): Promise<string | undefined> {
  const { code, stderr } = await runToFile('kubectl', args, path)
  if (code === 0) return undefined
  await rm(path, { force: true })
  return stderr.trim() || `kubectl ${args.join(' ')} ended with ${code}`
}
