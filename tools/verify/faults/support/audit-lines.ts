// Finds the signatures of a load in the audit logs, and compares the logs with the counters of the signers.
import { readAuditFiles } from '../../attack/audit-files.ts'
import { isSigned } from '../../attack/audited-requests.ts'
import { LOG_MS } from '../../attack/timeouts.ts'
import { waitFor } from '../../attack/wait.ts'
import { ForbiddenError } from '../experiment.ts'
import type { Sample } from '../load/schedule.ts'
import { countSignatures } from './counted.ts'
import { listPods, type Pod } from './pods.ts'

/** How many signatures each signer had counted before the load. The keys are those of `keyOf`. */
export type Counts = { time: string; counted: Map<string, number> }

/** A signer starts to count again after a restart. */
const keyOf = ({ uid, containers }: Pod) => `${uid} ${containers.signer?.restarts}`

/** Reads the counters. Nothing may be signed meanwhile. */
export async function readCounts(): Promise<Counts> {
  const pods = await listPods()
  const counted = pods.map(async (pod) => [keyOf(pod), await countSignatures(pod)] as const)
  return { counted: new Map(await Promise.all(counted)), time: new Date().toISOString() }
}

/**
 * Returns how many signatures are on record. Throws ForbiddenError if a signature of the load has no audit line, or if a signer
 * has counted more or fewer signatures since `before` than its log has. It waits for the last lines, which the container runtime
 * writes with a delay, and for signatures that come after their clients have gone.
 */
export async function requireRecords(samples: readonly Sample[], before: Counts): Promise<string> {
  const ids = samples.flatMap(({ signed }) => (signed === undefined ? [] : [signed.requestId]))
  if (ids.length === 0) throw new Error('the load got no signature, so nothing can be on record')
  const pods = await listPods()
  let found = ''
  return waitFor(
    async () => {
      const records = await Promise.all(pods.map((pod) => readRecord(pod, before)))
      const written = new Set(records.flatMap((each) => each.ids))
      const missing = ids.filter((id) => !written.has(id)).length
      const counts = records.map(({ counted, logged }) => `${counted} counted, ${logged} logged`)
      found = [`${missing} of ${ids.length} signatures have no audit line`, ...counts].join('; ')
      const areEqual = missing === 0 && records.every((each) => each.counted === each.logged)
      return areEqual ? `Every signature is on record: ${counts.join('; ')}` : undefined
    },
    LOG_MS,
    () => found,
  ).catch((error: Error) => {
    throw error.message === found ? new ForbiddenError(found) : error
  })
}

/** `ids`: signed by all containers that the Pod has had. The others are the signatures of the one that runs. */
async function readRecord(pod: Pod, { time, counted }: Counts) {
  // The counter first: a line is written before its signature is counted.
  const total = await countSignatures(pod)
  const containers = (await readAuditFiles(pod.uid)) ?? []
  const signed = containers.map((entries) => {
    return entries.filter((entry) => entry.time >= time && isSigned(entry))
  })
  return {
    ids: signed.flat().map((entry) => entry.request_id),
    counted: total - (counted.get(keyOf(pod)) ?? 0),
    logged: (signed.at(-1) ?? []).reduce((sum, { count }) => sum + count, 0),
  }
}
