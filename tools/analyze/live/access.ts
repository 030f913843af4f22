// Rights at the API server that others have granted: to the ServiceAccounts of our Pods, and to what leads to the key.
import { z } from 'zod'
import type { Resource } from '../../kube/resources.ts'
import { readAt } from '../finding.ts'
import { listAccounts } from '../model/application.ts'
import { listRights } from '../model/rights.ts'
import { type Judgment, judge } from './judgment.ts'
import type { LiveSubject } from './subject.ts'

const binding = z.looseObject({
  roleRef: z.object({ kind: z.string(), name: z.string() }),
  subjects: z
    .array(z.looseObject({ kind: z.string(), name: z.string(), namespace: z.string().optional() }))
    .nullish()
    .transform((found) => found ?? []),
})
type Subject = z.infer<typeof binding>['subjects'][number]

export function judgeAccess({ ours, others, application, namespace }: LiveSubject): Judgment[] {
  const accounts = Object.values(listAccounts(ours, application))
  const isOurs = ({ kind, name, namespace: place = namespace }: Subject) =>
    (kind === 'ServiceAccount' && place === namespace && accounts.includes(name)) ||
    (kind === 'Group' && name === `system:serviceaccounts:${namespace}`)
  return others
    .filter(
      ({ kind, metadata }) =>
        kind === 'ClusterRoleBinding' ||
        (kind === 'RoleBinding' && metadata.namespace === namespace),
    )
    .flatMap((each) => {
      const { subjects, roleRef } = readAt(binding, each, [])
      const named = subjects.filter(isOurs).map(({ name }) => name)
      if (named.length > 0) {
        return [
          judge(
            application.isOurs ? 'weakens' : 'note',
            each,
            `it gives ${named.join(', ')} the rights of ${roleRef.kind} ${roleRef.name} at the API server. Our Pods need none`,
          ),
        ]
      }
      // On each cluster, administrators and controllers have such rights everywhere.
      if (each.kind === 'ClusterRoleBinding') return []
      const role = findRole(others, roleRef, namespace)
      const rights = role === undefined ? [] : listRights(role, accounts).flat()
      const effects = [...new Set(rights.map(({ effect }) => effect))]
      return effects.length === 0
        ? []
        : [
            judge(
              'note',
              each,
              `${subjects.map(({ name }) => name).join(', ') || 'nobody'} can ${effects.join(' and ')}`,
            ),
          ]
    })
}

function findRole(
  others: readonly Resource[],
  { kind, name }: { kind: string; name: string },
  namespace: string,
): Resource | undefined {
  return others.find(
    (each) =>
      each.kind === kind &&
      each.metadata.name === name &&
      (kind === 'ClusterRole' || each.metadata.namespace === namespace),
  )
}
