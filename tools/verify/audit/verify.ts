// One verification: the logs that FILES names or those of the cluster, with the audit key, and with Prometheus if it is given.
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readVariable } from '../../cli/make-variables.ts'
import { say, UserError } from '../../cli/terminal.ts'
import { collectLogs } from '../../kube/logs/collect-logs.ts'
import { listLoggedPods } from '../../kube/logs/logged-pods.ts'
import { readAuditKeys } from './audit-key.ts'
import { createVerifier, type OnRecord, type Report } from './audit-verifier.ts'
import { findLogs, findLogsIn } from './log-files.ts'
import { createPrometheus } from './prometheus.ts'
import { readLog } from './read-log.ts'

/** `problems`: logs that could not be read. */
export type Verified = Report & { problems: string[] }

/** Throws UserError if there is no key or no record. */
export async function verify(onRecord?: OnRecord): Promise<Verified> {
  const keys = await readAuditKeys()
  const url = readVariable('PROMETHEUS_URL')
  const prometheus = url === undefined ? undefined : createPrometheus(url)
  // Before the logs are read, so that they have at least what Prometheus has counted until then.
  const now = (await prometheus?.readTime()) ?? Date.now()
  await using folder = await mkdtempDisposable(join(tmpdir(), 'verify-audit-'))
  const { logs, problems } = await openLogs(folder.path, now)
  const verifier = createVerifier(keys, onRecord)
  for (const log of logs) await readLog(log, verifier)
  const report = verifier.end()
  if (report.records + report.unchained.count + report.faults.count === 0) {
    throw new UserError(
      'there is no audit record in these logs',
      'Set FILES to logs of the container signer. docs/observability.md#verify-the-log has the formats.',
    )
  }
  const readAt = Math.min(now, Math.max(...logs.map((log) => log.readAt)))
  for (const fault of (await prometheus?.findCutEnds(report, readAt)) ?? [])
    report.faults.add(fault)
  if (prometheus === undefined) {
    say('note  Only Prometheus shows whether the end of a log was cut off. Set PROMETHEUS_URL.')
  }
  return { ...report, problems }
}

async function openLogs(folder: string, now: number) {
  const files = readVariable('FILES')
  if (files !== undefined) return { logs: await findLogs(files), problems: [] }
  const isSigner = (name: string) => name === 'signer'
  const { problems } = await collectLogs(await listLoggedPods(), folder, isSigner)
  const texts = problems.map(({ pod, container, problem }) => `${pod}/${container}: ${problem}`)
  return { logs: await findLogsIn(folder, now), problems: texts }
}
