// What a change of the admission policies, their bindings and the namespace's labels opens. Both versions are tried one after the
// other on an API server as a process, under their own names.
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeResource, type Resource } from '../../kube/resources.ts'
import { ensurePki } from '../../local-cluster/pki.ts'
import type { Api } from './api-server/api.ts'
import { anyoneMay, findApiServerPrograms, startApiServer } from './api-server/api-server.ts'
import { attemptCase, findJudge, nameJudge } from './attempt.ts'
import type { AdmissionTarget, Attempt } from './cases/case.ts'
import { listCases } from './cases/cases.ts'
import { createPlace, isHome, labelNamespace, listProtected } from './place.ts'
import { asPod } from './pods.ts'
import { enforcePolicies, isAdmission, policyOf, withoutStatus } from './policies.ts'

/** `before` and `after`: "accepted", or "refused by key-stays-in-signer". */
export type AdmissionDifference = {
  /** E.g. "Pod: the frontend mounts the key". */
  name: string
  before: string
  after: string
  /** opens: it was refused. weakens: the policy that refused it no longer does, and another one does. breaks: it was accepted. */
  class: 'opens' | 'weakens' | 'breaks'
}

/** `judge`: the policy that refused, Pod Security, or nobody. */
type Verdict = { isAllowed: boolean; judge: string; said: string }
type Tried = { name: string; target: AdmissionTarget; attempt: Attempt; verdict: Verdict }

const podSecurity = 'Pod Security'

/** Returns each attempt whose verdict differs. Resources of other kinds are ignored. */
export async function compareAdmission(
  before: readonly Resource[],
  after: readonly Resource[],
): Promise<AdmissionDifference[]> {
  const programs = await findApiServerPrograms()
  await ensurePki()
  await using folder = await mkdtempDisposable(join(tmpdir(), 'secure-signing-'))
  await using server = await startApiServer({ programs, folder: folder.path, flags: anyoneMay })
  return await compareOn(server.api, before, after)
}

/** Does the same on an API server without policies, which has nothing in the namespace of the application. */
export async function compareOn(
  api: Api,
  before: readonly Resource[],
  after: readonly Resource[],
): Promise<AdmissionDifference[]> {
  const targets = await createPlace(api, before)
  const [refusedBefore] = await enforcePolicies(api, before.filter(isAdmission))
  if (refusedBefore !== undefined) throw new Error(refusedBefore.said)
  const first = await tryAll(targets)
  // A folder without the Namespace leaves its labels as they are.
  const labels = [...after, ...before].filter(isHome).slice(0, 1)
  await labelNamespace(api, labels)
  const refusals = await enforcePolicies(api, after.filter(isAdmission))
  const second = await tryAll(targets)
  const made = await makeAll(api, after, targets)
  return [
    ...refusals.map(({ resource, said }) =>
      describeRefusal(`apply ${describeResource(resource)}`, said),
    ),
    ...made.flatMap(({ name, verdict }) =>
      verdict.isAllowed ? [] : [describeRefusal(name, describe(verdict))],
    ),
    ...(await compareVerdicts(api, [...labels, ...after], first, second)),
  ]
}

async function tryAll(targets: readonly AdmissionTarget[]): Promise<Tried[]> {
  const tried: Tried[] = []
  for (const { name, on, attempt } of listCases(targets)) {
    const target = targets[on]
    if (target !== undefined) {
      tried.push({ name, target, attempt, verdict: await tryOne(target, attempt) })
    }
  }
  return tried
}

/** Makes the Pods and the Deployments of `after`. */
async function makeAll(
  api: Api,
  after: readonly Resource[],
  [target]: readonly AdmissionTarget[],
): Promise<Tried[]> {
  const made: Tried[] = []
  if (target === undefined) return made
  const { namespace } = target
  for (const each of after.filter(({ kind }) => kind === 'ServiceAccount').map(withoutStatus)) {
    await api.apply({ ...each, metadata: { ...each.metadata, namespace } })
  }
  for (const { metadata } of listProtected(after)) {
    const changed = { ...target, template: asPod(after, 'admission-test', metadata.name) }
    for (const kind of ['Pod', 'Deployment'] as const) {
      const attempt: Attempt = { does: 'make', kind }
      const name = `${kind} of ${metadata.name}, as changed`
      made.push({ name, target: changed, attempt, verdict: await tryOne(changed, attempt) })
    }
  }
  return made
}

async function compareVerdicts(
  api: Api,
  after: readonly Resource[],
  first: readonly Tried[],
  second: readonly Tried[],
): Promise<AdmissionDifference[]> {
  const differences: AdmissionDifference[] = []
  for (const [index, { name, target, attempt, verdict }] of second.entries()) {
    const before = first[index]?.verdict
    if (before === undefined || describe(before) === describe(verdict)) continue
    const difference = { name, before: describe(before), after: describe(verdict) }
    if (before.isAllowed) differences.push({ ...difference, class: 'breaks' })
    else if (verdict.isAllowed) differences.push({ ...difference, class: 'opens' })
    // If several refuse it, any of them answers.
    else if (!(await stillRefuses(api, after, before.judge, target, attempt))) {
      differences.push({ ...difference, class: 'weakens' })
    }
  }
  return differences
}

/** Whether `judge` refuses the attempt alone. */
async function stillRefuses(
  api: Api,
  after: readonly Resource[],
  judge: string,
  target: AdmissionTarget,
  attempt: Attempt,
): Promise<boolean> {
  const acting = after.filter((each) => isAdmission(each) && nameJudge(policyOf(each)) === judge)
  await labelNamespace(api, judge === podSecurity ? after : [])
  await enforcePolicies(api, acting)
  return !(await tryOne(target, attempt)).isAllowed
}

async function tryOne(target: AdmissionTarget, attempt: Attempt): Promise<Verdict> {
  const { isAllowed, said } = await attemptCase(target, attempt)
  return { isAllowed, judge: findJudge(said), said }
}

function describe({ isAllowed, judge, said }: Verdict): string {
  if (isAllowed) return 'accepted'
  return judge === 'nobody' ? `refused: ${said}` : `refused by ${judge}`
}

function describeRefusal(name: string, after: string): AdmissionDifference {
  return { name, before: 'accepted', after, class: 'breaks' }
}
