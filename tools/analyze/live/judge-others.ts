// Judges resources of others, together with ours: on the cluster, or in the files with ours.
import { type Resource, resourceKey } from '../../kube/resources.ts'
import { UnreadableError } from '../finding.ts'
import { judgeAccess } from './access.ts'
import { judgeAccounts } from './accounts.ts'
import { type Judgment, judge } from './judgment.ts'
import { judgeNetworkPolicies } from './network-policies.ts'
import { judgePeerAuthentications } from './peer-authentications.ts'
import { judgePods } from './pods.ts'
import { judgePolicies, judgeRequestAuthentications } from './policies.ts'
import { judgeRoutes } from './routes.ts'
import { judgeServices } from './services.ts'
import type { LiveSubject } from './subject.ts'
import { judgeExtensions, judgeSidecars } from './workload-resources.ts'

/** A resource that does not exist yet is newer than all others. */
const never = '9999'
const judges: readonly ((subject: LiveSubject) => Judgment[])[] = [
  judgePeerAuthentications,
  judgeSidecars,
  judgeExtensions,
  judgePolicies,
  judgeAccounts,
  judgeRequestAuthentications,
  judgeRoutes,
  judgeServices,
  judgeNetworkPolicies,
  judgeAccess,
  judgePods,
]

/** Judges `live`, which includes resources that exist and are ours. */
export function judgeOthers(
  live: readonly Resource[],
  rest: Omit<LiveSubject, 'others' | 'createdAt'> & { leaving?: readonly Resource[] },
): Judgment[] {
  const { leaving = [], ...given } = rest
  const known = new Set([...given.ours, ...leaving].map(resourceKey))
  const created = new Map(live.map((each) => [resourceKey(each), readCreation(each)]))
  return judgeSubject({
    ...given,
    others: live.filter((each) => !known.has(resourceKey(each))),
    createdAt: (each) => created.get(resourceKey(each)) ?? never,
  })
}

export function judgeSubject(subject: LiveSubject): Judgment[] {
  return judges.flatMap((each) => {
    try {
      return each(subject)
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error
      const { resource, message } = error.finding
      return resource === undefined
        ? []
        : [judge('note', resource, `it is not as expected (${message}), so it is not judged`)]
    }
  })
}

function readCreation({ metadata }: Resource): string {
  return typeof metadata.creationTimestamp === 'string' ? metadata.creationTimestamp : never
}
