// Which requests reached the signer: its audit log has a line for each, written before the answer, the refused included.

import type { AuditEntry } from '../../../signer/audit-log.ts'
import { kubectl } from '../../kube/kubectl.ts'
import type { Target } from './target.ts'
import { CLOCK_SKEW_MS, LOG_MS } from './timeouts.ts'
import { waitFor } from './wait.ts'

/**
 * Lists the requests that the signer got between those whose request ids are `first` and `last`, both sent after
 * `since`. Throws if one of the two does not show up.
 */
export async function listAuditedRequests(
  target: Target,
  first: string,
  last: string,
  since: Date,
): Promise<AuditEntry[]> {
  let entries: AuditEntry[] = []
  const find = (id: string) => entries.findIndex(({ request_id }) => request_id === id)
  return waitFor(
    async () => {
      entries = await readAuditLog(target, since)
      const [start, end] = [find(first), find(last)]
      return start >= 0 && end >= 0 ? entries.slice(start + 1, end) : undefined
    },
    LOG_MS,
    // kubelet begins a new file at 10 MiB, and shows only that.
    () => `the audit log lacks ${find(first) < 0 ? 'the first' : 'the last'} control: rotated?`,
  )
}

/** Every request that a signer of the victim's got since then, and some from before. */
export async function readAuditLog({ signers }: Target, since: Date): Promise<AuditEntry[]> {
  // The node's clock may be another.
  const from = new Date(since.getTime() - CLOCK_SKEW_MS).toISOString()
  const logs = await Promise.all(
    signers.map(({ namespace, pod, container }) =>
      kubectl(['logs', '-n', namespace, pod, '-c', container, `--since-time=${from}`]),
    ),
  )
  return logs
    .flatMap((log) => log.split('\n'))
    .filter((line) => line.includes('"event":"audit"'))
    .map((line) => JSON.parse(line))
}
