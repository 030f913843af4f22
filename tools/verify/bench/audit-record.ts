// Compares the signatures that the signer counts with the request ids in its audit log, after a load. The log comes from the files
// of the node: `kubectl logs --follow` loses lines when kubelet rotates them.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { namespace } from '../../kube/names.ts'
import { LOGS } from '../../local-cluster/paths.ts'
import { readCounter } from '../attack/counters.ts'
import { makeRequestId } from '../attack/requests.ts'
import type { Target } from '../attack/target.ts'
import { LOG_MS } from '../attack/timeouts.ts'
import { waitFor } from '../attack/wait.ts'
import { compareRecords, joinLines, listSignedIds } from './audit-ids.ts'
import type { Load, LoadRequest } from './generator.ts'
import { ALONE, message, USUAL, writePost } from './subject.ts'

const MESSAGES = 100_000
const LONGEST_SECONDS = 120

/**
 * Has MESSAGES messages signed by the application of `target`, to which `generate` sends a load. Returns what it found. Throws if
 * a signature is not on record.
 */
export async function requireAuditRecord(
  target: Target,
  generate: (load: Omit<LoadRequest, 'address'>) => Promise<Load>,
): Promise<string> {
  const [first, last] = [makeRequestId(), makeRequestId()]
  const mark = (id: string) =>
    send(writePost('/process', { message }, { 'x-request-id': id }), ALONE, 1)
  await mark(first)
  const before = await readCounter(target, 'signer_signatures_total', '')
  const { served } = await send(writePost('/process', { message }), USUAL, MESSAGES)
  const signatures = (await readCounter(target, 'signer_signatures_total', '')) - before
  await mark(last)
  const ids = await readIdsBetween(target, first, last)
  return compareRecords(MESSAGES, { served, signatures, ids })

  async function send(bytes: string, connections: number, requests: number): Promise<Load> {
    const load = await generate({ bytes, connections, requests, seconds: LONGEST_SECONDS })
    if (load.failed > 0) throw new Error(`${load.failed} of ${requests} messages were not signed`)
    return load
  }
}

async function readIdsBetween(target: Target, first: string, last: string): Promise<string[]> {
  return waitFor(
    async () => {
      const ids = listSignedIds(joinLines(await readLogFiles(target)))
      const [start, end] = [ids.indexOf(first), ids.lastIndexOf(last)]
      return start >= 0 && end >= 0 ? ids.slice(start + 1, end) : undefined
    },
    LOG_MS,
    () => 'the audit log on the node lacks the first or the last request of the load',
  )
}

/** Reads the signer's log from all files that kubelet keeps, the oldest first. Returns nothing if it rotates them meanwhile. */
async function readLogFiles({ signers, uid }: Target): Promise<string> {
  const pod = `${namespace}_${signers[0]?.pod}_${uid}`
  const folder = join(LOGS, 'pods', pod, 'signer')
  const names = await listLogFiles(folder)
  const texts = await Promise.all(names.map((name) => readLogFile(join(folder, name))))
  const isSame = names.join() === (await listLogFiles(folder)).join()
  return isSame ? texts.join('') : ''
}

/** 0.log is the newest. The names of the others are like 0.log.20261129-123456, and sort by time. */
async function listLogFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder)
  const [newest = '', ...older] = names.filter((name) => !name.endsWith('.tmp')).sort()
  return [...older, newest]
}

async function readLogFile(path: string): Promise<string> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0))
  return (path.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes).toString()
}
