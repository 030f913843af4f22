// Which requests reached the signer: its audit log has a line for each, written before the answer, the refused included.
import { setTimeout as sleep } from 'node:timers/promises'
import { kubectl } from '../../../deploy/kubectl.ts'
import type { AuditEntry } from '../../../signer/audit-log.ts'
import { LOG_MS, POLL_MS } from './timeouts.ts'
import type { Victim } from './victim.ts'

/**
 * Lists the requests that the signer got before and with the one whose request id is `last`. Throws if that one does
 * not show up.
 */
export async function listAuditedRequests(victim: Victim, last: string): Promise<AuditEntry[]> {
  const deadline = Date.now() + LOG_MS
  for (;;) {
    const entries = await readAuditLog(victim)
    const end = entries.findIndex(({ requestId }) => requestId === last)
    if (end >= 0) return entries.slice(0, end + 1)
    if (Date.now() > deadline) throw new Error(`the audit log has no request ${last}`)
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
