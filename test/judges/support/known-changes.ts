// Changes whose class is known, and what a judge says about them.
import { describeResource, type Resource } from '../../../tools/kube/resources.ts'
import type { Judge, Verdict } from '../../support/mutations/judge.ts'
import { type Change, type Mutation, toMutation } from '../../support/mutations/mutation.ts'
import { renderShipment } from '../../support/mutations/renderings.ts'

/** `path`: undefined deletes the resource. `to`: undefined deletes the field. `evidence`: what it contains. */
export type Known = {
  of: string
  path?: Change['path']
  to?: unknown
  class: Verdict['class']
  evidence: RegExp
}

/** For the cluster to run all of them. */
export const JUDGE_MS = 600_000

/** Has the judge run the changes of a rendering. Returns its verdicts by the names of the changes. */
export async function judgeKnown(
  judge: Judge,
  rendering: string,
  known: Readonly<Record<string, Known>>,
): Promise<Map<string, Verdict>> {
  const resources = await renderShipment(rendering)
  const names = new Map(
    Object.entries(known).map(([name, each]) => [makeMutation(resources, each), name]),
  )
  const verdicts = new Map<string, Verdict>()
  for await (const [mutation, verdict] of judge.judge(resources, [...names.keys()])) {
    verdicts.set(names.get(mutation) ?? mutation.name, verdict)
  }
  return verdicts
}

function makeMutation(resources: readonly Resource[], { of, path, to }: Known): Mutation {
  const resource = resources.find((each) => describeResource(each) === of)
  if (resource === undefined) throw new Error(`there is no ${of}`)
  return toMutation(resources, resource, path && { path, to, what: JSON.stringify(to) })
}
