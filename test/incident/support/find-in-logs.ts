// Looks for a text in the files of a container's log, as kubelet keeps them and as make evidence copies them.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

/** Returns the names of the files that have the text, and the bytes of all. */
export async function findInLogs(folder: string, text: string) {
  const found: string[] = []
  let bytes = 0
  for (const name of await readdir(folder)) {
    const content = await readFile(join(folder, name))
    const log = name.endsWith('.gz') ? await promisify(gunzip)(content) : content
    bytes += log.length
    if (log.includes(text)) found.push(name)
  }
  return { found, bytes }
}
