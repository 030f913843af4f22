// The deployment as the Vault tests see it: what it signs with, what each signer holds, what the agent logs.
import { setTimeout as sleep } from 'node:timers/promises'
import { createPodAsker } from '../../../deploy/ask-pods.ts'
import { kubectl } from '../../../deploy/kubectl.ts'
import { deployment, namespace } from '../../../deploy/names.ts'
import {
  type Condition,
  describeCondition,
  describeReport,
  isMet,
  type PodReport,
} from '../../../deploy/pod-condition.ts'
import { startLoad } from '../../faults/load/start-load.ts'
import { checkSignatures, type Summary, summarize } from '../../faults/summarize.ts'
import { waitFor } from '../../policy/support/wait.ts'
import { ARRIVAL_MS, LOG_MS, SETTLE_MS } from './timeouts.ts'

const PER_SECOND = 50
const gatewayUrl = process.env.GATEWAY_URL ?? ''

/** Does `work` while the world asks, and says what came of the requests. Every signature is checked by `keys`. */
export async function underLoad(
  title: string,
  keys: ReadonlyMap<string, Uint8Array>,
  work: () => Promise<void>,
): Promise<Summary> {
  const start = Date.now()
  const load = startLoad({ spec: { kind: 'world', url: gatewayUrl }, perSecond: PER_SECOND })
  try {
    await sleep(SETTLE_MS)
    await work()
    await sleep(SETTLE_MS)
  } finally {
    await load.stop()
  }
  const summary = summarize(checkSignatures(await load.stop(), keys), start)
  const { requests, failed, how } = summary
  console.info(`${title}: ${requests} requests, ${failed} failed ${JSON.stringify(how)}`)
  return summary
}

/** What every Pod's signer reports, once. */
export async function readReports(): Promise<PodReport[]> {
  const { askPods, stop } = createPodAsker(deployment)
  try {
    return await askPods()
  } finally {
    stop()
  }
}

/** Returns when it is so at every Pod. */
export async function waitForKeys(...conditions: Condition[]): Promise<void> {
  const { askPods, stop } = createPodAsker(deployment)
  let reports: PodReport[] = []
  try {
    await waitFor(
      async () => {
        reports = await askPods()
        const isSo = reports.every((each) => conditions.every((wanted) => isMet(wanted, each)))
        return (isSo && reports.length > 0) || undefined
      },
      ARRIVAL_MS,
      () =>
        `not ${conditions.map(describeCondition).join(' and ')}: ${reports.map(describeReport).join('; ')}`,
    )
  } finally {
    stop()
  }
}

/** Returns the first line of a container's log since `start` that `wanted` fits. */
export function waitForLine(container: string, wanted: RegExp, start: Date): Promise<string> {
  const target = [`deployment/${deployment}`, '-n', namespace, '-c', container]
  return waitFor(
    async () => {
      const log = await kubectl(['logs', ...target, `--since-time=${start.toISOString()}`])
      return log.split('\n').find((line) => wanted.test(line))
    },
    LOG_MS,
    () => `${container} logs nothing like ${wanted}`,
  )
}
