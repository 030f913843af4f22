// Decides on an API server what a change of the admission policies, of a ConfigMap that they keep, or of the namespace's labels does.
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forEachAtMost } from '../../../tools/cli/at-most.ts'
import { namespace, policyPrefix, policyPrefixOf } from '../../../tools/kube/names.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { ensurePki } from '../../../tools/local-cluster/pki.ts'
import type { Api } from '../../../tools/verify/admission/api-server/api.ts'
import {
  anyoneMay,
  findApiServerPrograms,
  startApiServer,
} from '../../../tools/verify/admission/api-server/api-server.ts'
import { attemptCase, nameJudge } from '../../../tools/verify/admission/attempt.ts'
import type { AdmissionTarget } from '../../../tools/verify/admission/cases/case.ts'
import { labelNamespace } from '../../../tools/verify/admission/place.ts'
import { enforcePolicies, isAdmission, policyOf } from '../../../tools/verify/admission/policies.ts'
import type { Judge, Verdict } from '../mutations/judge.ts'
import type { Mutation } from '../mutations/mutation.ts'
import { type JudgedCase, measureBaseline, openLane, podSecurity } from './baseline.ts'
import { moveToLane } from './lanes.ts'
import { type Plan, planOf } from './plan.ts'

/** So many versions of a policy act at once. With 150, each request takes a third longer, because the API server looks at each. */
const LANES = 50
/** The API server is busy with so many requests. */
const REQUESTS = 4

type Lane = { name: string; targets: readonly AdmissionTarget[] }

export const admissionJudge: Judge = {
  name: 'API server',
  canJudge: (mutation) => planOf([], mutation) !== undefined,
  async *judge(resources, mutations) {
    const programs = await findApiServerPrograms()
    await ensurePki()
    await using folder = await mkdtempDisposable(join(tmpdir(), 'secure-signing-'))
    await using server = await startApiServer({ programs, folder: folder.path, flags: anyoneMay })
    yield* judgeOn(server.api, resources, mutations)
  },
}

/** Does it on an API server without policies. */
export async function* judgeOn(
  api: Api,
  resources: readonly Resource[],
  mutations: readonly Mutation[],
): AsyncGenerator<readonly [Mutation, Verdict]> {
  const affected = new Set(
    mutations.flatMap((each) => [...(planOf(resources, each)?.affected ?? [])]),
  )
  const known = new Set([...resources.filter(isAdmission).map(policyOf), podSecurity])
  const cases = await measureBaseline(api, resources, affected.intersection(known))
  const lanes: Lane[] = []
  for (let start = 0; start < mutations.length; start += LANES) {
    const batch = mutations.slice(start, start + LANES)
    while (lanes.length < batch.length) {
      const name = `lane-${lanes.length}`
      lanes.push({ name, targets: await openLane(api, resources, name) })
    }
    const runs = batch.flatMap((mutation, index) => {
      const lane = lanes[index]
      const plan = planOf(resources, mutation)
      return lane && plan ? [{ mutation, plan, lane }] : []
    })
    yield* judgeBatch(api, cases, runs)
  }
}

type Run = { mutation: Mutation; plan: Plan; lane: Lane }

async function* judgeBatch(api: Api, cases: readonly JudgedCase[], runs: readonly Run[]) {
  const enforced = runs.map(({ plan, lane }) =>
    plan.policies.map((each) => moveToLane(each, lane.name)),
  )
  const refusals = await enforcePolicies(api, enforced.flat())
  const verdicts: (readonly [Mutation, Verdict])[] = []
  await forEachAtMost(REQUESTS, [...runs.entries()], async ([index, { mutation, plan, lane }]) => {
    const refusal = refusals.find(({ resource }) => enforced[index]?.includes(resource))
    const verdict = refusal ? breaks(refusal.said) : await decide(api, cases, plan, lane)
    verdicts.push([mutation, inOurNames(verdict, lane)])
  })
  yield* verdicts
}

function inOurNames(verdict: Verdict, { name }: Lane): Verdict {
  const evidence = verdict.evidence
    .replaceAll(policyPrefixOf(name), policyPrefix)
    .replaceAll(name, namespace)
  return { ...verdict, evidence }
}

const breaks = (said: string): Verdict => ({
  ...{ class: 'breaks', evidence: `the API server refuses it: ${shorten(said)}` },
})

async function decide(
  api: Api,
  cases: readonly JudgedCase[],
  { affected, written, else: otherwise }: Plan,
  lane: Lane,
): Promise<Verdict> {
  if (written !== undefined) {
    const { status, said } = await api.tryApply(written(lane.name))
    if (status >= 400) return breaks(said)
  }
  if (otherwise !== undefined) return otherwise
  const isLabelled = affected.has(podSecurity) && written !== undefined
  if (isLabelled) await api.apply(written(lane.name))
  try {
    return await compare(cases, affected, lane)
  } finally {
    if (isLabelled) await labelNamespace(api, [], lane.name)
  }
}

/** Compares what the lane decides, which has only what is `affected`, with what that decided before, and with all others. */
async function compare(
  cases: readonly JudgedCase[],
  affected: ReadonlySet<string>,
  { targets }: Lane,
): Promise<Verdict> {
  const attempt = async ({ on, attempt }: JudgedCase) => {
    const target = targets[on]
    if (target === undefined) throw new Error(`no target ${on}`)
    return attemptCase(target, attempt)
  }
  const refused = cases.filter(({ refusers }) => !refusers.isDisjointFrom(affected))
  let weakens: Verdict | undefined
  for (const each of refused) {
    if (!(await attempt(each)).isAllowed) continue
    const [before, others] = [
      each.refusers.intersection(affected),
      each.refusers.difference(affected),
    ].map((names) => [...names].map((name) => nameJudge(name)).join(' and '))
    if (others === '') {
      return { class: 'opens', evidence: `${each.name}: refused by ${before} → accepted` }
    }
    weakens ??= {
      class: 'weakens',
      evidence: `${each.name}: refused by ${before} and ${others} → by ${others} alone`,
    }
  }
  if (weakens !== undefined) return weakens
  const accepted = cases.filter(({ refusers }) => refusers.size === 0)
  for (const each of accepted) {
    const { isAllowed, said } = await attempt(each)
    if (isAllowed) continue
    return { class: 'breaks', evidence: `${each.name}: accepted → refused: ${shorten(said)}` }
  }
  const evidence = `${refused.length} attempts stay refused, and ${accepted.length} accepted`
  return { class: 'nothing', evidence }
}

function shorten(said: string): string {
  const line = said.replaceAll(/\s+/g, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 199)}…` : line
}
