// Runs one experiment under a steady load, while attackers send requests, and judges the result.
import { setTimeout as sleep } from 'node:timers/promises'
import { readKeys } from '../../deploy/keys/hmac-key.ts'
import { compareMoments, readMachine } from '../machine.ts'
import { type Experiment, type Fault, rates, type Source } from './experiment.ts'
import type { Sample } from './load/schedule.ts'
import { findSource } from './load/sources.ts'
import { type RunningLoad, startLoad } from './load/start-load.ts'
import { type Plan, rateOf } from './plan.ts'
import { judge, type Result } from './result.ts'
import { checkSignatures, summarizeFault } from './summarize.ts'
import { listAttempts } from './support/attackers.ts'
import { readCounts, requireRecords } from './support/audit-lines.ts'
import { ensurePods, findPod, type Pod } from './support/pods.ts'
import { waitUntilServed } from './support/served.ts'
import { SETTLE_MS, WARM_UP_MS } from './support/timeouts.ts'

const ATTEMPTS_PER_SECOND = 10
const LEAST_ATTEMPTS_PER_SECOND = 2

/** `gatewayUrl`: for public clients. */
export type Setting = { gatewayUrl: string; isShort: boolean; plan: Plan }

/** Runs an experiment once, in its short or long form. Throws what its preparation throws. */
export async function measure(experiment: Experiment, setting: Setting): Promise<Result> {
  await ensurePods(experiment.replicas, experiment.kills)
  const restore = await experiment.prepare?.()
  try {
    return await measureUnderLoad(experiment, setting)
  } finally {
    await restore?.()
  }
}

/** What an experiment records for its result. Times are in milliseconds since 1970. */
type Recording = { start: number; since: number; keys: Map<string, Buffer> }

async function measureUnderLoad(experiment: Experiment, setting: Setting): Promise<Result> {
  const { isShort, plan } = setting
  const pod = await findPod()
  const counts = experiment.isRecorded ? await readCounts() : undefined
  const start = Date.now()
  const record: Recording = { start, since: start, keys: await readKeys() }
  const fault = makeFault(experiment, record, pod, setting)
  const loads = await startLoads(experiment, pod, setting)
  const notes: string[] = []
  let problem: Error | undefined
  const warmSince = Date.now()
  let [faultAt, before] = [warmSince, await readMachine()]
  try {
    await sleep(isShort ? WARM_UP_MS / 3 : WARM_UP_MS)
    ;[faultAt, before] = [Date.now(), await readMachine()]
    fault.begin()
    // The figures of an experiment that fails show whether the machine was too slow.
    const note = await experiment.run(fault).catch((error: Error) => {
      problem = error
      return undefined
    })
    if (note !== undefined) notes.push(note)
    await sleep(isShort ? SETTLE_MS / 2 : SETTLE_MS)
    await fault.rememberKeys()
  } finally {
    // Ends all loads, also after an error.
    await Promise.all([...loads.sources, ...loads.attempts].map(({ stop }) => stop()))
  }
  const use = compareMoments(before, await readMachine())
  const attempts = await readAll(loads.attempts)
  const sources = await Promise.all(
    loads.sources.map(async ({ source, stop }) => {
      return { source, samples: checkSignatures(await stop(), record.keys) }
    }),
  )
  if (counts !== undefined) {
    const samples = sources.flatMap((each) => each.samples)
    const records = requireRecords(samples, counts)
    const first = problem?.message
    notes.push(
      await records.catch((error: Error) => {
        throw first === undefined ? error : new Error(`${first}. ${error.message}`)
      }),
    )
  }
  const times = { warmSince, faultAt, since: record.since }
  const countAttempts = (wanted: string) =>
    attempts.filter(({ outcome }) => outcome === wanted).length
  return judge(experiment, plan, {
    sources: sources.map(({ source, samples }) => ({ source, ...summarizeFault(samples, times) })),
    use,
    attempts: attempts.length,
    refused: countAttempts('403'),
    unauthorized: countAttempts('200'),
    notes,
    ...(problem !== undefined && { problem }),
  })
}

type Loads = { sources: (RunningLoad & { source: Source })[]; attempts: RunningLoad[] }

/** Returns once each load has an outcome. If one does not start, it ends the others. */
async function startLoads(
  experiment: Experiment,
  pod: Pod,
  { gatewayUrl, plan }: Setting,
): Promise<Loads> {
  const attemptsPerSecond = Math.max(LEAST_ATTEMPTS_PER_SECOND, ATTEMPTS_PER_SECOND * plan.scale)
  const sources = experiment.sources.map(async (source) => {
    const { spec, pid } = await findSource(source, pod, gatewayUrl)
    const perSecond = experiment.perSecond ?? rateOf(source, plan)
    return { source, ...(await startLoad({ spec, perSecond }, { pid })) }
  })
  const attempts = (await listAttempts()).map(({ spec, pid }) =>
    startLoad({ spec, perSecond: attemptsPerSecond }, { pid }),
  )
  try {
    return { sources: await Promise.all(sources), attempts: await Promise.all(attempts) }
  } catch (error) {
    const started = await Promise.allSettled<RunningLoad>([...sources, ...attempts])
    await Promise.allSettled(
      started.map((each) => (each.status === 'fulfilled' ? each.value.stop() : [])),
    )
    throw error
  }
}

async function readAll(loads: readonly RunningLoad[]): Promise<Sample[]> {
  return (await Promise.all(loads.map(({ stop }) => stop()))).flat()
}

function makeFault(
  experiment: Experiment,
  record: Recording,
  pod: Pod,
  { gatewayUrl, isShort }: Setting,
): Fault {
  return {
    ...{ pod, gatewayUrl, isShort },
    begin: () => {
      record.since = Date.now()
    },
    recover: () => waitUntilServed(gatewayUrl),
    isEnough: () => isShort || isEnough(experiment, record.start),
    rememberKeys: async () => {
      for (const [id, key] of await readKeys()) record.keys.set(id, key)
    },
  }
}

/** Takes as long with a smaller load, which sends fewer requests. */
function isEnough({ sources, perSecond: given, atLeast = 0 }: Experiment, start: number): boolean {
  const perSecond = sources.reduce((sum, source) => sum + (given ?? rates[source]), 0)
  return ((Date.now() - start) / 1_000) * perSecond >= atLeast
}
