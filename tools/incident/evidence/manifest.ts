// The list of everything in the folder, by which anyone can tell later that nothing was changed.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Unread } from './record.ts'

export const manifestName = 'manifest.json'

export type Origin = {
  /** When the collection began and ended. */
  started: string
  ended: string
  /** The user of the API server, as `kubectl auth whoami` has it. */
  user: unknown
  cluster: string
  namespace: string
  /** The version of this project's tools. */
  version: string
}
export type Written = { files: number; bytes: number; sha256: string }

/** Writes the manifest, and returns its own hash. */
export async function writeManifest(
  folder: string,
  origin: Origin,
  unread: readonly Unread[],
): Promise<Written> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const files = []
  for (const path of paths) {
    const { size } = await stat(path)
    files.push({ path: relative(folder, path), bytes: size, sha256: await hashFile(path) })
  }
  const text = `${JSON.stringify({ ...origin, unread, files }, null, 2)}\n`
  await writeFile(join(folder, manifestName), text, { mode: 0o600, flag: 'wx' })
  return {
    files: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    sha256: createHash('sha256').update(text).digest('hex'),
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}
