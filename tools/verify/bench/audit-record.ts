// Compares the signatures that the signer counts with the request ids in its audit log, after a load.
import { readAuditFiles } from '../attack/audit-files.ts'
import { isSigned } from '../attack/audited-requests.ts'
import { readCounter } from '../attack/counters.ts'
import { makeRequestId } from '../attack/requests.ts'
import type { Target } from '../attack/target.ts'
import { LOG_MS } from '../attack/timeouts.ts'
import { waitFor } from '../attack/wait.ts'
import { compareRecords } from './compare-records.ts'
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
      const entries = (await readAuditFiles(target.uid))?.flat() ?? []
      const ids = entries.filter(isSigned).map(({ request_id: id }) => id)
      const [start, end] = [ids.indexOf(first), ids.lastIndexOf(last)]
      return start >= 0 && end >= 0 ? ids.slice(start + 1, end) : undefined
    },
    LOG_MS,
    () => 'the audit log on the node lacks the first or the last request of the load',
  )
}
