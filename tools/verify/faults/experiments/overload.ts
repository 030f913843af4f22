// Attack 36: more requests than the Pod can serve. The excess is rejected, and afterwards the Pod serves as before.
import { setTimeout as sleep } from 'node:timers/promises'
import { toPlace } from '../../attack/gateway.ts'
import { generateLoad } from '../../bench/generator.ts'
import { writePost } from '../../bench/subject.ts'
import type { Experiment } from '../experiment.ts'
import { startLoad } from '../load/start-load.ts'
import { readPeakMib } from '../support/node.ts'

const TIMES_CAPACITY = 4
/** Concurrent requests: four times the frontend's limit. More would only measure the queues of the machine. */
const MAX_UNDER_WAY = 512

/** Measures the requests a second that the Pod serves with a good number of connections. */
async function measureCapacity(url: string): Promise<number> {
  const bytes = writePost('/process', { message: 'capacity' })
  const load = { address: toPlace(url), bytes, connections: 32, seconds: 2 }
  const { perSecond, failed } = await generateLoad(load)
  if (perSecond > 0) return perSecond
  throw new Error(`none of ${failed} requests was served, so the capacity is unknown`)
}

export const overload: Experiment = {
  id: 'overload',
  title: `${TIMES_CAPACITY} times the capacity of the Pod, ${MAX_UNDER_WAY} concurrent requests`,
  attack: '37',
  replicas: 1,
  sources: ['public'],
  // Rejected by the frontend, or by the proxies, which have no time for handshakes.
  bounds: {
    recoveryMs: 5_000,
    how: /^503 (overloaded|signer_unavailable|by a proxy: connection timeout)$|^504 signer_timeout$/,
  },
  run: async ({ pod, isShort, gatewayUrl, begin, recover }) => {
    const capacity = await measureCapacity(gatewayUrl)
    const perSecond = Math.round(capacity * TIMES_CAPACITY)
    const spec = { kind: 'public', url: gatewayUrl } as const
    const flood = await startLoad({ spec, perSecond, maxUnderWay: MAX_UNDER_WAY })
    await sleep(isShort ? 3_000 : 20_000)
    const samples = await flood.stop()
    begin()
    await recover()
    const served = samples.filter(({ outcome }) => outcome === 'signed').length
    const sent = samples.filter(({ outcome }) => outcome !== 'not sent').length
    return `${perSecond} requests a second offered, ${sent} sent, ${served} served, the rest rejected. ${await readPeakMib(pod)}`
  },
}
