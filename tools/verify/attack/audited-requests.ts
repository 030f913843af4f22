// The signer's audit log: a line for each request, written before the answer.

import type { AuditEntry } from '../../../signer/audit-lines.ts'
import { kubectl } from '../../kube/kubectl.ts'
import type { Target } from './target.ts'
import { CLOCK_SKEW_MS } from './timeouts.ts'

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
