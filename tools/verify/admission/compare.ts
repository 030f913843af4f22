// What a change of the admission policies, their bindings and the namespace's labels opens. Both versions are tried one after the
// other on an API server as a process, under their own names.
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeResource, type Resource } from '../../kube/resources.ts'
import { ensurePki } from '../../local-cluster/pki.ts'
import type { Api } from './api-server/api.ts'
import { anyoneMay, findApiServerPrograms, startApiServer } from './api-server/api-server.ts'
import { attemptCase, findJudge } from './attempt.ts'
import type { AdmissionTarget } from './cases/case.ts'
import { listCases } from './cases/cases.ts'
import { createPlace, labelNamespace } from './place.ts'
import { enforcePolicies, isAdmission } from './policies.ts'

/** `before` and `after`: "accepted", or "refused by key-stays-in-signer". */
export type AdmissionDifference = {
  /** E.g. "create a Pod: the frontend mounts the key". */
  name: string
  before: string
  after: string
  /** opens: it was refused. weakens: another policy refuses it now. breaks: it was accepted. */
  class: 'opens' | 'weakens' | 'breaks'
}

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
  const first = await judgeAll(api, before, targets)
  await labelNamespace(api, after)
  const second = await judgeAll(api, after, targets)
  return [...second].flatMap(([name, verdict]) =>
    describe(name, first.get(name) ?? accepted, verdict),
  )
}

const accepted = 'accepted'

/** Returns what the API server says to each attempt, by its name. */
async function judgeAll(
  api: Api,
  resources: readonly Resource[],
  targets: readonly AdmissionTarget[],
): Promise<Map<string, string>> {
  const refusals = await enforcePolicies(api, resources.filter(isAdmission))
  const verdicts = new Map(
    refusals.map(({ resource, said }) => [
      `apply ${describeResource(resource)}`,
      `refused: ${said}`,
    ]),
  )
  for (const { name, on, attempt } of listCases(targets)) {
    const target = targets[on]
    if (target === undefined) continue
    const { isAllowed, said } = await attemptCase(target, attempt)
    const judge = findJudge(said)
    const refused = judge === 'nobody' ? `refused: ${said}` : `refused by ${judge}`
    verdicts.set(name, isAllowed ? accepted : refused)
  }
  return verdicts
}

function describe(name: string, before: string, after: string): AdmissionDifference[] {
  if (before === after) return []
  const isOpen = after === accepted
  const what = isOpen ? 'opens' : before === accepted ? 'breaks' : 'weakens'
  return [{ name, before, after, class: what }]
}
