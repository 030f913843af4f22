// Reads from the audit log which requests reached the signer. It has a line for each request, also for a refused one.
import type { AuditEntry } from '../../../signer/audit-log.ts'
import { kubectl } from '../../kube/kubectl.ts'
import type { Target } from './target.ts'
import { CLOCK_SKEW_MS, LOG_MS } from './timeouts.ts'
import { waitFor } from './wait.ts'

/**
 * Lists the requests that the signer received between those with the request ids `first` and `last`. Both were sent after
 * `since`. Throws if the log lacks one of the two.
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
    // kubelet rotates the log at 10 MiB, and shows only the new file.
    () =>
      `the audit log lacks the control request ${find(first) < 0 ? 'before' : 'after'} the attack. Was the log rotated?`,
  )
}

/** Reads the audit entries of the target's signers since `since`, and some older ones. */
export async function readAuditLog({ signers }: Target, since: Date): Promise<AuditEntry[]> {
  // The clock of the node may differ.
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
