// Looks for a text in the files of a container's log, as kubelet keeps them and as make evidence copies them.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

/** The folder of the signer's files in a folder of logs. `uid`: of the Pod. */
export async function findSignerFolder(logs: string, uid: string): Promise<string> {
  const pod = (await readdir(logs)).find((name) => name.endsWith(uid))
  if (pod === undefined) throw new Error(`${logs} has no Pod ${uid}`)
  return join(logs, pod, 'signer')
}

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
