// Runs one experiment under a steady load, while attackers send requests, and judges the result.
import { setTimeout as sleep } from 'node:timers/promises'
import { readKeys } from '../../deploy/keys/hmac-key.ts'
import { type Experiment, type Fault, rates, type Source } from './experiment.ts'
import { type RunningLoad, startLoad } from './load/start-load.ts'
import { judge, type Result } from './result.ts'
import { checkSignatures, summarize } from './summarize.ts'
import { listAttempts } from './support/attackers.ts'
import { readCounts, requireRecords } from './support/audit-lines.ts'
import { findSandboxOf } from './support/node.ts'
import { ensurePods, findPod, type Pod } from './support/pods.ts'
import { waitUntilServed } from './support/served.ts'
import { SETTLE_MS, WARM_UP_MS } from './support/timeouts.ts'
import { locateCredentials } from './support/volumes.ts'

const ATTEMPTS_PER_SECOND = 10

/** Runs an experiment in its short or long form. `gatewayUrl`: for public clients. Throws what the experiment throws. */
export async function measure(
  experiment: Experiment,
  gatewayUrl: string,
  isShort: boolean,
): Promise<Result> {
  await ensurePods(experiment.replicas, experiment.kills)
  const restore = await experiment.prepare?.()
  try {
    return await measureUnderLoad(experiment, gatewayUrl, isShort)
  } finally {
    await restore?.()
  }
}

/** What an experiment records for its result. Times are in milliseconds since 1970. */
type Recording = { start: number; since: number; keys: Map<string, Buffer> }

async function measureUnderLoad(
  experiment: Experiment,
  gatewayUrl: string,
  isShort: boolean,
): Promise<Result> {
  const pod = await findPod()
  const counts = experiment.isRecorded ? await readCounts() : undefined
  const start = Date.now()
  const record: Recording = { start, since: start, keys: await readKeys() }
  const fault = makeFault(experiment, record, { pod, gatewayUrl, isShort })
  const loads: { source: Source; load: RunningLoad }[] = []
  const attempts: RunningLoad[] = []
  let note: string | undefined
  try {
    for (const source of experiment.sources) {
      loads.push({ source, load: await apply(experiment, source, pod, gatewayUrl) })
    }
    for (const { spec, pid } of await listAttempts()) {
      attempts.push(startLoad({ spec, perSecond: ATTEMPTS_PER_SECOND }, pid))
    }
    await sleep(isShort ? WARM_UP_MS / 2 : WARM_UP_MS)
    fault.begin()
    note = await experiment.run(fault)
    await sleep(isShort ? SETTLE_MS / 2 : SETTLE_MS)
    await fault.rememberKeys()
  } finally {
    // Ends all loads, also after an error.
    await Promise.all([...loads.map(({ load }) => load), ...attempts].map(({ stop }) => stop()))
  }
  const seen = loads.map(async ({ source, load }) => {
    return { source, samples: checkSignatures(await load.stop(), record.keys) }
  })
  const sources = await Promise.all(seen)
  const samplesOfAll = sources.flatMap(({ samples }) => samples)
  const recorded = counts && (await requireRecords(samplesOfAll, counts))
  const notes = [note, recorded].filter((text) => text !== undefined)
  const seenByAttackers = (await Promise.all(attempts.map(({ stop }) => stop()))).flat()
  const countAttempts = (wanted: string) =>
    seenByAttackers.filter(({ outcome }) => outcome === wanted).length
  return judge(experiment, {
    sources: sources.map(({ source, samples }) => ({
      source,
      ...summarize(samples, record.since),
    })),
    attempts: seenByAttackers.length,
    refused: countAttempts('403'),
    unauthorized: countAttempts('200'),
    ...(notes.length > 0 && { note: notes.join('. ') }),
  })
}

function makeFault(
  experiment: Experiment,
  record: Recording,
  given: Pick<Fault, 'pod' | 'gatewayUrl' | 'isShort'>,
): Fault {
  return {
    ...given,
    begin: () => {
      record.since = Date.now()
    },
    recover: () => waitUntilServed(given.gatewayUrl),
    isEnough: () => given.isShort || isEnough(experiment, record.start),
    rememberKeys: async () => {
      for (const [id, key] of await readKeys()) record.keys.set(id, key)
    },
  }
}

async function apply(
  experiment: Experiment,
  source: Source,
  pod: Pod,
  url: string,
): Promise<RunningLoad> {
  const perSecond = experiment.perSecond ?? rates[source]
  if (source === 'public') return startLoad({ spec: { kind: 'public', url }, perSecond })
  const spec = { kind: 'frontend', ...(await locateCredentials(pod)) } as const
  return startLoad({ spec, perSecond }, await findSandboxOf(pod.uid))
}

function isEnough({ sources, perSecond: given, atLeast = 0 }: Experiment, start: number): boolean {
  const perSecond = sources.reduce((sum, source) => sum + (given ?? rates[source]), 0)
  return ((Date.now() - start) / 1_000) * perSecond >= atLeast
}
