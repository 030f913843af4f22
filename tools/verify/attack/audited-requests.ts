// The signer's audit log: its requests, whether each came alone or in a call with others.

import { z } from 'zod'
import type { AuditCall, Outcome } from '../../../signer/audit-lines.ts'
import { kubectl } from '../../kube/kubectl.ts'
import type { Target } from './target.ts'
import { CLOCK_SKEW_MS } from './timeouts.ts'

/** A request, and when it was recorded (ISO 8601). */
export type Audited = AuditCall & Outcome & { time: string }
const schema = z.looseObject({ time: z.string(), outcome: z.string(), request_id: z.string() })

/** Parses the audit lines of a log. A line with several requests becomes an entry for each, as if it came alone. */
export function parseAuditLog(log: string): Audited[] {
  return log
    .split('\n')
    .filter((line) => line.includes('"event":"audit"') && !line.includes('"outcome":"omitted"'))
    .flatMap((line) => listRequests(schema.parse(JSON.parse(line)) as Audited))
}

/** True if the signer signed the request. */
export function isSigned({ outcome }: Outcome): boolean {
  return outcome === 'signed'
}

function listRequests(line: Audited): Audited[] {
  const { request_ids: ids, trace_ids: traceIds = [], trace_id: _ofCall, ...entry } = line
  if (ids === undefined) return [line]
  return ids.map((id, index) => {
    const traceId = traceIds[index]
    const own = { request_id: id, ...(traceId && { trace_id: traceId }) }
    return { ...entry, ...own, count: entry.outcome === 'signed' ? 1 : 0 }
  })
}

/** Reads the audited requests of the target's signers since `since`, and some older ones. */
export async function readAuditLog({ signers }: Target, since: Date): Promise<Audited[]> {
  // The clock of the node may differ.
  const from = new Date(since.getTime() - CLOCK_SKEW_MS).toISOString()
  const logs = await Promise.all(
    signers.map(({ namespace, pod, container }) =>
      kubectl(['logs', '-n', namespace, pod, '-c', container, `--since-time=${from}`]),
    ),
  )
  return logs.flatMap(parseAuditLog)
}
