// The signer's whole audit log, from the files of the local cluster's node. kubectl shows only the last container, and its log can
// lose lines when kubelet rotates it.
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { sortFiles } from '../../kube/logs/node-files.ts'
import { LOGS } from '../../local-cluster/paths.ts'
import { readOutput } from '../audit/read-log.ts'
import { type Audited, parseAuditLog } from './audited-requests.ts'

/**
 * Reads the audited requests of a Pod's signer: a list for each container that it has had, the newest last. Returns undefined if
 * kubelet rotates the files meanwhile. `uid`: of the Pod.
 */
export async function readAuditFiles(uid: string): Promise<Audited[][] | undefined> {
  const folder = await findSignerFolder(uid)
  const names = sortFiles(await readdir(folder))
  const containers = Map.groupBy(names, (name) => Number.parseInt(name, 10))
  // A file that kubelet has just removed cannot be read.
  const texts = await Promise.all(
    [...containers.values()].map((each) => readTexts(folder, each)),
  ).catch(() => undefined)
  if (names.join() !== sortFiles(await readdir(folder)).join()) return undefined
  return texts?.map((each) => parseAuditLog(each.join('\n')))
}

/** Finds the folder of a signer's files, among those of the node or those that make evidence copied. `uid`: of the Pod. */
export async function findSignerFolder(uid: string, logs = join(LOGS, 'pods')): Promise<string> {
  const pod = (await readdir(logs)).find((name) => name.endsWith(uid))
  if (pod === undefined) throw new Error(`${logs} has no log of the Pod ${uid}`)
  return join(logs, pod, 'signer')
}

async function readTexts(folder: string, names: readonly string[]): Promise<string[]> {
  const files = names.map((name) => ({ name, open: () => createReadStream(join(folder, name)) }))
  const texts: string[] = []
  await readOutput(files, (_, { text }) => texts.push(text))
  return texts
}
