// The deployment while its keys change: public requests, and the keys of each signer.
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Condition,
  describeCondition,
  describeReport,
  isMet,
  type PodReport,
} from '../../../tools/deploy/rotation/pod-condition.ts'
import { createPodReporter } from '../../../tools/deploy/rotation/pod-reporter.ts'
import { deployment } from '../../../tools/kube/names.ts'
import { probeFrom } from '../../../tools/verify/attack/containers.ts'
import { writeRequest } from '../../../tools/verify/attack/requests.ts'
import { findTarget, SIGNER_IN_POD } from '../../../tools/verify/attack/target.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { startLoad } from '../../../tools/verify/faults/load/start-load.ts'
import { checkSignatures, type Summary, summarize } from '../../../tools/verify/faults/summarize.ts'
import { KEYS_MS, STEADY_MS, WARM_UP_MS } from '../../../tools/verify/faults/support/timeouts.ts'

const PER_SECOND = 50
/** The requests of a rotation whose result counts. */
export const ENOUGH = 5_000
const gatewayUrl = process.env.GATEWAY_URL ?? ''

/** Does `work` under public load of `atLeast` requests. Summarizes them, and checks their signatures with `keys`. */
export async function underLoad(
  title: string,
  keys: ReadonlyMap<string, Uint8Array>,
  work: () => Promise<void>,
  atLeast = 0,
): Promise<Summary> {
  const start = Date.now()
  const spec = { kind: 'public', url: gatewayUrl } as const
  const load = await startLoad({ spec, perSecond: PER_SECOND })
  try {
    await sleep(WARM_UP_MS)
    await work()
    await sleep(STEADY_MS + Math.max(0, start + (atLeast / PER_SECOND) * 1_000 - Date.now()))
  } finally {
    await load.stop()
  }
  const summary = summarize(checkSignatures(await load.stop(), keys), start)
  const { requests, failed, how } = summary
  console.info(`${title}: ${requests} requests, ${failed} failed ${JSON.stringify(how)}`)
  return summary
}

export async function readReports(): Promise<PodReport[]> {
  const { readReports, stop } = createPodReporter(`app=${deployment}`)
  try {
    return await readReports()
  } finally {
    stop()
  }
}

/** Returns how long ago, in milliseconds, Vault last confirmed the keys of a signer. */
export async function readAge(): Promise<number> {
  const { frontend } = await findTarget()
  const name = 'signer_keys_confirmed_timestamp_seconds'
  const probe = { ...SIGNER_IN_POD, bytes: writeRequest({ method: 'GET', path: '/metrics' }) }
  const [outcome] = await probeFrom(frontend, [probe])
  const [, seconds] = new RegExp(`^${name} (\\S+)$`, 'm').exec(outcome?.received ?? '') ?? []
  return Date.now() - Number(seconds) * 1_000
}

/** Returns the key that signs in one Pod, e.g. "key-1". */
export async function readPrimary(): Promise<string> {
  const [report] = await readReports()
  if (report === undefined) throw new Error('there is no Pod')
  if ('problem' in report || report.keys.primary === undefined) {
    throw new Error(describeReport(report))
  }
  return report.keys.primary
}

/** Waits until the conditions hold in every Pod. */
export async function waitForKeys(...conditions: Condition[]): Promise<void> {
  await waitForReports(
    (reports) =>
      reports.length > 0 &&
      reports.every((each) => conditions.every((wanted) => isMet(wanted, each))),
    `not ${conditions.map(describeCondition).join(' and ')}`,
  )
}

/** Waits until the reports of the Pods are as `isWanted` says. `complaint` is the error after too long a time. */
export async function waitForReports(
  isWanted: (reports: PodReport[]) => boolean,
  complaint: string,
): Promise<void> {
  const { readReports: read, stop } = createPodReporter(`app=${deployment}`)
  let reports: PodReport[] = []
  try {
    await waitFor(
      async () => {
        reports = await read()
        return isWanted(reports) || undefined
      },
      KEYS_MS,
      () => `${complaint}: ${reports.map(describeReport).join('; ')}`,
    )
  } finally {
    stop()
  }
}
