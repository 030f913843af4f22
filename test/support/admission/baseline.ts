// Who refuses each attempt on the unchanged deployment: every policy is tried alone, and so is Pod Security.
import type { Resource } from '../../../tools/kube/resources.ts'
import type { Api } from '../../../tools/verify/admission/api-server/api.ts'
import { attemptCase, findJudge } from '../../../tools/verify/admission/attempt.ts'
import type { AdmissionTarget } from '../../../tools/verify/admission/cases/case.ts'
import { listCases, type TargetCase } from '../../../tools/verify/admission/cases/cases.ts'
import { createPlace, labelNamespace } from '../../../tools/verify/admission/place.ts'
import { enforcePolicies, isAdmission, policyOf } from '../../../tools/verify/admission/policies.ts'
import { moveToLane } from './lanes.ts'

export const podSecurity = 'Pod Security'

/** `refusers`: the names of the policies that refuse the attempt when they are alone, and Pod Security. */
export type JudgedCase = TargetCase & { refusers: ReadonlySet<string> }

/** Returns those that are about one of `policies`. */
export function listAbout(resources: readonly Resource[], policies: ReadonlySet<string>) {
  return resources.filter((each) => isAdmission(each) && policies.has(policyOf(each)))
}

/** Creates a lane without policies and without Pod Security. */
export async function openLane(api: Api, resources: readonly Resource[], lane: string) {
  const unlabelled = resources.filter(({ kind }) => kind !== 'Namespace')
  return createPlace(api, unlabelled, lane)
}

/**
 * Returns the cases that all policies accept, and those that one of `affected` refuses when it is alone. No policy may be in effect
 * before. Throws if they decide otherwise together than alone.
 */
export async function measureBaseline(
  api: Api,
  resources: readonly Resource[],
  affected: ReadonlySet<string>,
): Promise<JudgedCase[]> {
  const policies = [...new Set(resources.filter(isAdmission).map(policyOf))]
  const judges = [...policies, podSecurity]
  const everything = await openLane(api, resources, 'everything')
  await labelNamespace(api, resources, 'everything')
  const enforced = resources.filter(isAdmission).map((each) => moveToLane(each, 'everything'))
  const alone = new Map<string, AdmissionTarget[]>()
  for (const [index, judge] of judges.entries()) {
    const lane = `alone-${index}`
    alone.set(judge, await openLane(api, resources, lane))
    if (judge === podSecurity) await labelNamespace(api, resources, lane)
    const acting = listAbout(resources, new Set([judge]))
    enforced.push(...acting.map((each) => moveToLane(each, lane)))
  }
  const [refusal] = await enforcePolicies(api, enforced)
  if (refusal !== undefined) throw new Error(refusal.said)

  const refuses = async (judge: string, { on, attempt }: TargetCase) =>
    !(await attemptCase(at(alone.get(judge), on), attempt)).isAllowed
  const judged: JudgedCase[] = []
  for (const each of listCases(everything)) {
    const { isAllowed, said } = await attemptCase(at(everything, each.on), each.attempt)
    if (isAllowed) judged.push({ ...each, refusers: new Set() })
    // What the API server itself refuses shows nothing.
    if (isAllowed || findJudge(said, 'everything') === 'nobody') continue
    const refusers = new Set<string>()
    for (const judge of affected) if (await refuses(judge, each)) refusers.add(judge)
    const isAffected = refusers.size > 0
    const others = judges.filter((judge) => !affected.has(judge))
    for (const judge of isAffected ? others : []) {
      if (await refuses(judge, each)) refusers.add(judge)
    }
    if (isAffected) judged.push({ ...each, refusers })
    else if (others.length === 0) throw new Error(`${each.name}: refused, but by nobody alone`)
  }
  return judged
}

function at(targets: readonly AdmissionTarget[] | undefined, index: number): AdmissionTarget {
  const target = targets?.[index]
  if (target === undefined) throw new Error(`no target ${index}`)
  return target
}
