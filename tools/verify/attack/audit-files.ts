// The signer's whole audit log, from the files of the local cluster's node. kubectl shows only the last container, and its log can
// lose lines when kubelet rotates it.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { LOGS } from '../../local-cluster/paths.ts'
import { type Audited, parseAuditLog } from './audited-requests.ts'

/**
 * Reads the audited requests of a Pod's signer: a list for each container that it has had, the newest last. Returns undefined if
 * kubelet rotates the files meanwhile. `uid`: of the Pod.
 */
export async function readAuditFiles(uid: string): Promise<Audited[][] | undefined> {
  const pods = join(LOGS, 'pods')
  const pod = (await readdir(pods)).find((name) => name.endsWith(uid))
  if (pod === undefined) throw new Error(`the node has no log of the Pod ${uid}`)
  const folder = join(pods, pod, 'signer')
  const names = await listFiles(folder)
  const texts = await Promise.all(names.map((name) => readLog(join(folder, name))))
  if (names.join() !== (await listFiles(folder)).join()) return undefined
  const files = names.map((name, index) => ({
    container: Number.parseInt(name, 10),
    text: texts[index],
  }))
  const containers = Map.groupBy(files, ({ container }) => container)
  return [...containers.values()].map((each) => {
    return parseAuditLog(joinLines(each.map(({ text }) => text).join('')).join('\n'))
  })
}

/** The file 1.log is the newest of the second container. The names of the others, such as 1.log.20261129-123456, sort by time. */
async function listFiles(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => !name.endsWith('.tmp'))
  const key = (name: string) => (name.endsWith('.log') ? `${name}.~` : name)
  const compare = new Intl.Collator('en', { numeric: true }).compare
  return names.sort(
    (a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || compare(key(a), key(b)),
  )
}

async function readLog(path: string): Promise<string> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0))
  return (path.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes).toString()
}

/** Returns the lines of standard output. The container runtime splits long ones, and marks all parts but the last with P. */
export function joinLines(log: string): string[] {
  const lines: string[] = []
  let begun = ''
  for (const line of log.split('\n')) {
    const [, tag, text = ''] = /^\S+ stdout ([PF]) (.*)$/.exec(line) ?? []
    if (tag === undefined) continue
    begun += text
    if (tag === 'P') continue
    lines.push(begun)
    begun = ''
  }
  return lines
}
