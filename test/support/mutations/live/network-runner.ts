// Runs changes of NetworkPolicies. A policy engine enforces them, and every connection that one could allow or refuse is tried.
import { type Resource, resourceKey } from '../../../../tools/kube/resources.ts'
import type { Api } from '../../../../tools/verify/admission/api-server/api.ts'
import { startPolicyEngine } from '../../policy-engine.ts'
import type { Verdict } from '../judge.ts'
import type { Mutation } from '../mutation.ts'
import { carryOut, findRefusal, isStoredAsBefore } from './carry-out.ts'
import { compareLists, type Difference, invert } from './difference.ts'
import type { Lane } from './lane.ts'
import { moveChange } from './move-change.ts'
import { judgeConnections, listAttempts, measure } from './network-attempts.ts'
import { startPeers } from './network-peers.ts'
import { notRun } from './not-run.ts'
import { createPolicySync } from './policy-sync.ts'
import { shortenLine } from './shorten-line.ts'

type Verdicts = AsyncGenerator<readonly [Mutation, Verdict]>
type Hidden = { mutation: Mutation; change: Difference; verdict: Verdict }

const none: Difference = { applied: [], deleted: [] }
const isPolicy = ({ kind }: Resource) => kind === 'NetworkPolicy'

/** Judges in a lane, while no other lane is there. Yields a verdict for each. */
export async function* judgeNetwork(
  api: Api,
  lane: Lane,
  sample: readonly Resource[],
  mutations: readonly Mutation[],
): Verdicts {
  await using peers = await startPeers(lane)
  const attempts = await listAttempts(peers)
  const engine = await startPolicyEngine()
  const sync = createPolicySync(api, engine, lane.names.other)
  try {
    const hidden: Hidden[] = []
    const all = await begin(lane.resources)
    for (const mutation of mutations) {
      const change = moveChange(lane, sample, mutation)
      const settled = await judgeAtOnce(api, lane, change)
      const verdict = settled ?? (await all.run(change).catch(notRun))
      if (settled === undefined && mayHide(lane, change, verdict)) {
        hidden.push({ mutation, change, verdict })
      } else yield [mutation, verdict]
    }
    await all.end()
    for (const [policy, those] of Map.groupBy(hidden, ({ mutation }) => mutation.resource)) {
      yield* runAlone(policy.metadata.name, those)
    }
  } finally {
    await engine.stop()
  }

  /** What only this policy refuses: it stands behind the others, which refuse the same in part. */
  async function* runAlone(name: string, hidden: readonly Hidden[]): Verdicts {
    const isOther = (each: Resource) => isPolicy(each) && each.metadata.name !== name
    const resources = lane.resources.filter((each) => !isOther(each))
    const alone = await begin(resources)
    for (const { mutation, change, verdict } of hidden) {
      const found = await alone.run(change).catch(notRun)
      const evidence = `with ${name} alone: ${found.evidence}`
      yield [mutation, found.class === 'opens' ? { class: 'weakens', evidence } : verdict]
    }
    await alone.end()
  }

  /** Measures `resources`, and runs changes of them. A change takes back the one before. */
  async function begin(resources: readonly Resource[]) {
    const difference = compareLists(lane.resources, resources)
    await carryOut(api, difference)
    await sync.wait()
    const before = await measure(attempts)
    let current = none
    async function apply(change: Difference): Promise<void> {
      await carryOut(api, invert(resources, current))
      current = change
      await carryOut(api, change)
      await sync.wait()
    }
    return {
      run: async (change: Difference): Promise<Verdict> => {
        await apply(change)
        return judgeConnections(before, await measure(attempts, before))
      },
      /** Throws if a connection is not as it was. */
      end: async (): Promise<void> => {
        await apply(none)
        const { class: found, evidence } = judgeConnections(before, await measure(attempts, before))
        if (found !== 'nothing') throw new Error(`not restored: ${evidence}`)
        await carryOut(api, invert(lane.resources, difference))
        await sync.wait()
      },
    }
  }
}

/** Judges what no connection can show. */
async function judgeAtOnce(api: Api, lane: Lane, change: Difference): Promise<Verdict | undefined> {
  const refusal = await findRefusal(api, change)
  if (refusal !== undefined) {
    return { class: 'breaks', evidence: `the API server refuses it: ${shortenLine(refusal)}` }
  }
  const isSame = await isStoredAsBefore(api, lane.resources, change, ({ spec }) => spec)
  if (!isSame) return undefined
  return { class: 'nothing', evidence: 'the API server stores the same policy' }
}

/** Whether another policy may refuse what this one no longer refuses. An added one has nothing behind it. */
function mayHide(lane: Lane, { applied, deleted }: Difference, { class: found }: Verdict): boolean {
  const keys = lane.resources.map(resourceKey)
  const isAdded = deleted.length === 0 && applied.every((each) => !keys.includes(resourceKey(each)))
  return !isAdded && (found === 'nothing' || found === 'breaks')
}
