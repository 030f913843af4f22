// Measures what load the machine carries without a fault, from all sources at once and with the deployment as it is.
import { rates, type Source } from './experiment.ts'
import type { Climbed } from './load/ramp.ts'
import { findSource } from './load/sources.ts'
import { startWorker } from './load/worker-process.ts'
import { type Plan, planLoad, ramp } from './plan.ts'
import { findPod } from './support/pods.ts'

const sources = Object.keys(rates) as Source[]

/** Throws TooSlow if the machine carries too little. */
export async function measurePlan(gatewayUrl: string): Promise<Plan> {
  const pod = await findPod()
  const all = sources.reduce((sum, source) => sum + rates[source], 0)
  const starting = sources.map(async (source) => {
    const { spec, pid } = await findSource(source, pod, gatewayUrl)
    const share = ramp.map((perSecond) => (perSecond * rates[source]) / all)
    return startWorker({ spec, ramp: share }, { pid })
  })
  const workers = await Promise.all(starting)
  for (const { end } of workers) end()
  const ended = await Promise.all(workers.map((each) => each.ended))
  const climbed = ended.map((text): Climbed => JSON.parse(text))
  // If one source reaches its limit, the others have the machine for themselves.
  const steps = Math.min(...climbed.map((each) => each.steps))
  const limits = climbed.flatMap(({ limit }, index) =>
    limit ? [`${sources[index]}: ${limit}`] : [],
  )
  return planLoad({
    perSecond: ramp[steps - 1] ?? 0,
    limits: limits.join('. '),
    startMs: Math.min(...workers.map(({ startMs }) => startMs)),
  })
}
