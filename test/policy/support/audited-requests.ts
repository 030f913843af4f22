// Which requests reached the signer: its audit log has a line for each, written before the answer, the refused included.
import { setTimeout as sleep } from 'node:timers/promises'
import { kubectl } from '../../../deploy/kubectl.ts'
import type { AuditEntry } from '../../../signer/audit-log.ts'
import { LOG_MS, POLL_MS } from './timeouts.ts'
import type { Victim } from './victim.ts'

/**
 * Lists the requests that the signer got between those whose request ids are `first` and `last`. Throws if one of the
 * two does not show up.
 */
export async function listAuditedRequests(
  victim: Victim,
  first: string,
  last: string,
): Promise<AuditEntry[]> {
  const deadline = Date.now() + LOG_MS
  for (;;) {
    const entries = await readAuditLog(victim)
    const [start, end] = [first, last].map((id) =>
      entries.findIndex(({ requestId }) => requestId === id),
    ) as [number, number]
    if (start >= 0 && end >= 0) return entries.slice(start + 1, end)
    if (Date.now() > deadline) {
      // kubelet begins a new file at 10 MiB, and shows only that.
      throw new Error(
        `the audit log lacks ${start < 0 ? 'the first' : 'the last'} control: rotated?`,
      )
    }
    await sleep(POLL_MS)
  }
}

async function readAuditLog({ frontend }: Victim): Promise<AuditEntry[]> {
  const log = await kubectl(['logs', '-n', frontend.namespace, frontend.pod, '-c', 'signer'])
  return log
    .split('\n')
    .filter((line) => line.includes('"event":"audit"'))
    .map((line) => JSON.parse(line))
}
