// Runs one experiment under a steady load, while intruders knock, and says what came of it.
import { setTimeout as sleep } from 'node:timers/promises'
import { readKeys } from '../../deploy/hmac-key.ts'
import { type Experiment, type Fault, rates, type Source } from './experiment.ts'
import type { Sample } from './load/schedule.ts'
import type { LoadSpec } from './load/senders.ts'
import { type RunningLoad, startLoad } from './load/start-load.ts'
import { judge, type Result } from './result.ts'
import { checkSignatures, summarize } from './summarize.ts'
import { requireAuditLines } from './support/audit-lines.ts'
import { listKnocks } from './support/intruders.ts'
import { findSandboxOf } from './support/node.ts'
import { ensurePods, findPod, type Pod } from './support/pods.ts'
import { waitUntilServed } from './support/served.ts'
import { SETTLE_MS, WARM_UP_MS } from './support/timeouts.ts'
import { locateCredentials } from './support/volumes.ts'

/** Of each intruder. */
const KNOCKS_PER_SECOND = 10

/** Runs it in its short form or its long one; `gatewayUrl` is where the world asks. Throws what the experiment throws. */
export async function measure(
  experiment: Experiment,
  gatewayUrl: string,
  isShort: boolean,
): Promise<Result> {
  await ensurePods(experiment.replicas, experiment.kills)
  const putBack = await experiment.prepare?.()
  try {
    return await measureUnderLoad(experiment, gatewayUrl, isShort)
  } finally {
    await putBack?.()
  }
}

async function measureUnderLoad(
  experiment: Experiment,
  gatewayUrl: string,
  isShort: boolean,
): Promise<Result> {
  const pod = await findPod()
  const keys = await readKeys()
  const loads = new Map<Source, RunningLoad>()
  const knocks: RunningLoad[] = []
  const start = Date.now()
  let since = start
  let note: string | undefined
  let needsAudit = false
  const fault: Fault = {
    pod,
    isShort,
    gatewayUrl,
    begin: () => {
      since = Date.now()
    },
    recover: () => waitUntilServed(gatewayUrl),
    isEnough: () => isShort || countExpected(experiment, start) >= (experiment.atLeast ?? 0),
    rememberKeys: async () => {
      for (const [id, key] of await readKeys()) keys.set(id, key)
    },
    requireAuditLines: () => {
      needsAudit = true
    },
  }
  try {
    for (const source of experiment.sources) loads.set(source, await apply(source, pod, gatewayUrl))
    for (const { spec, pid } of await listKnocks()) {
      knocks.push(startLoad({ spec, perSecond: KNOCKS_PER_SECOND }, pid))
    }
    await sleep(isShort ? WARM_UP_MS / 2 : WARM_UP_MS)
    fault.begin()
    note = await experiment.run(fault)
    await sleep(isShort ? SETTLE_MS / 2 : SETTLE_MS)
    await fault.rememberKeys()
  } finally {
    // Before anything else: whatever went wrong, no load is left behind.
    await Promise.all([...loads.values(), ...knocks].map(({ stop }) => stop()))
  }
  const samples = new Map<Source, Sample[]>()
  for (const [source, load] of loads) samples.set(source, checkSignatures(await load.stop(), keys))
  if (needsAudit) await requireAuditLines([...samples.values()].flat(), new Date(start))
  const knocked = (await Promise.all(knocks.map(({ stop }) => stop()))).flat()
  return judge(experiment, {
    seconds: (Date.now() - start) / 1_000,
    sources: [...samples].map(([source, all]) => ({ source, ...summarize(all, since) })),
    knocks: knocked.length,
    refused: knocked.filter(({ outcome }) => outcome === '403').length,
    unauthorised: knocked.filter(({ outcome }) => outcome === '200').length,
    ...(note === undefined ? {} : { note }),
  })
}

async function apply(source: Source, pod: Pod, url: string): Promise<RunningLoad> {
  const perSecond = rates[source]
  if (source === 'world') return startLoad({ spec: { kind: 'world', url }, perSecond })
  const spec: LoadSpec = { kind: 'frontend', ...(await locateCredentials(pod)) }
  return startLoad({ spec, perSecond }, await findSandboxOf(pod.uid))
}

function countExpected({ sources }: Experiment, start: number): number {
  const perSecond = sources.reduce((sum, source) => sum + rates[source], 0)
  return ((Date.now() - start) / 1_000) * perSecond
}
