// Who refuses each attempt on the unchanged deployment: every policy is tried alone, and so is Pod Security.
import { policyPrefix } from '../../../tools/kube/names.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import type { Api } from '../../../tools/verify/admission/api-server/api.ts'
import { attemptCase } from '../../../tools/verify/admission/attempt.ts'
import type { AdmissionTarget } from '../../../tools/verify/admission/cases/case.ts'
import { listCases, type TargetCase } from '../../../tools/verify/admission/cases/cases.ts'
import { createPlace, labelNamespace } from '../../../tools/verify/admission/place.ts'
import { enforcePolicies, isAdmission } from '../../../tools/verify/admission/policies.ts'
import { besideLane, moveToLane } from './lanes.ts'

export const podSecurity = 'Pod Security'

/** `refusers`: the names of the policies that refuse the attempt when they are alone, and Pod Security. */
export type JudgedCase = TargetCase & { refusers: ReadonlySet<string> }

/** Returns the policy that a policy or binding is about. */
export function policyOf({ kind, metadata, spec }: Resource): string {
  return kind.endsWith('Binding') ? String(Object(spec).policyName) : metadata.name
}

/** Returns those that are about one of `policies`. */
export function listAbout(resources: readonly Resource[], policies: ReadonlySet<string>) {
  return resources.filter((each) => isAdmission(each) && policies.has(policyOf(each)))
}

export function describeJudge(name: string): string {
  return name.startsWith(policyPrefix) ? name.slice(policyPrefix.length) : name
}

/** Creates a lane without policies and without Pod Security. */
export async function openLane(api: Api, resources: readonly Resource[], lane: string) {
  const metadata = { name: besideLane(lane) }
  await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata })
  const unlabelled = resources.filter(({ kind }) => kind !== 'Namespace')
  return createPlace(api, unlabelled, lane)
}

/**
 * Tries every case that the API server itself accepts. No policy may be in effect before. Throws if all of them together decide
 * otherwise than one by one.
 */
export async function measureBaseline(
  api: Api,
  resources: readonly Resource[],
): Promise<JudgedCase[]> {
  const policies = [...new Set(resources.filter(isAdmission).map(policyOf))]
  const lanes = ['nothing', podSecurity, 'everything', ...policies]
  const nameOf = (lane: string) => `baseline-${lanes.indexOf(lane)}`
  const enforced: Resource[] = []
  const targets = new Map<string, AdmissionTarget[]>()
  for (const lane of lanes) {
    const name = nameOf(lane)
    targets.set(lane, await openLane(api, resources, name))
    if (lane === podSecurity || lane === 'everything') await labelNamespace(api, resources, name)
    const acting = lane === 'everything' ? new Set(policies) : new Set([lane])
    enforced.push(...listAbout(resources, acting).map((each) => moveToLane(each, name)))
  }
  const [refusal] = await enforcePolicies(api, enforced)
  if (refusal !== undefined) throw new Error(refusal.said)
  const judged: JudgedCase[] = []
  for (const each of listCases(targets.get('nothing') ?? [])) {
    const refusers = new Set<string>()
    for (const lane of lanes) {
      const target = targets.get(lane)?.[each.on]
      if (target === undefined) throw new Error(`no target ${each.on}`)
      const { isAllowed } = await attemptCase(target, each.attempt)
      if (!isAllowed) refusers.add(lane)
      // What the API server itself refuses shows nothing.
      if (lane === 'nothing' && !isAllowed) break
    }
    if (refusers.has('nothing')) continue
    if (refusers.delete('everything') !== refusers.size > 0) {
      throw new Error(
        `${each.name}: alone, ${[...refusers].join()} refuse it. Together, they differ`,
      )
    }
    judged.push({ ...each, refusers })
  }
  return judged
}
