// What a change of the admission policies opens. Both versions run on an API server as a process, and never on the cluster.
import { findDifferences } from '../../analyze/released/difference.ts'
import { say, step } from '../../cli/terminal.ts'
import { policyPrefix } from '../../kube/names.ts'
import { describeResource, type Resource } from '../../kube/resources.ts'
import { type AdmissionDifference, compareAdmission } from '../admission/compare.ts'
import { readLiveAdmission } from './read-admission.ts'
import { useOf } from './refusals/kinds.ts'

/** The Pods and accounts with which the cases are made. */
const reads = ['ServiceAccount', 'Deployment']

/** `changed`: all resources of the change. */
export async function compareAdmissionOf(
  changed: readonly Resource[],
): Promise<AdmissionDifference[]> {
  const before = await readLiveAdmission()
  const after = changed.filter((each) => useOf(each) === 'admission' || reads.includes(each.kind))
  const names = listChanged(before, after)
  if (names.size === 0) {
    say('  ok    the admission policies stay as they are')
    return []
  }
  const found = await step(
    'the admission policies are compared on an API server of their own',
    () => compareAdmission(before, after),
  )
  return found.filter((each) => each.class !== 'weakens' || isOfChanged(each, names))
}

/** Of several policies that refuse, the API server names any. So only a changed one can be the one that is missing. */
function isOfChanged({ before }: AdmissionDifference, names: ReadonlySet<string>): boolean {
  const [, policy] = /^refused by (\S+)$/.exec(before) ?? []
  return (
    policy === undefined ||
    [...names].some(
      (name) => name.endsWith(`/${policyPrefix}${policy}`) || /^Namespace\//.test(name),
    )
  )
}

/** By meaning: without what the API server fills in. */
function listChanged(before: readonly Resource[], after: readonly Resource[]): Set<string> {
  const [old, found] = [before, after].map(
    (all) =>
      new Map(
        all
          .filter((each) => useOf(each) === 'admission')
          .map((each) => [describeResource(each), each]),
      ),
  ) as [Map<string, Resource>, Map<string, Resource>]
  return new Set(
    [...old.keys(), ...found.keys()].filter((name) => {
      const [one, other] = [old.get(name), found.get(name)]
      if (one === undefined || other === undefined) return true
      return findDifferences(one, other, () => undefined).length > 0
    }),
  )
}
