// Rights at the API server that others have granted: to the ServiceAccounts of our Pods, and to what leads to the key.
import { z } from 'zod'
import { keySecret } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { readAt } from '../finding.ts'
import { listAccounts } from '../model/application.ts'
import { type Judgment, judge } from './judgment.ts'
import type { LiveSubject } from './subject.ts'

const strings = z.array(z.string()).default([])
const binding = z.looseObject({
  roleRef: z.object({ kind: z.string(), name: z.string() }),
  subjects: z
    .array(z.looseObject({ kind: z.string(), name: z.string(), namespace: z.string().optional() }))
    .nullish()
    .transform((found) => found ?? []),
})
const role = z.looseObject({
  rules: z
    .array(
      z.looseObject({
        apiGroups: strings,
        resources: strings,
        resourceNames: strings,
        verbs: strings,
      }),
    )
    .nullish()
    .transform((found) => found ?? []),
})
type Subject = z.infer<typeof binding>['subjects'][number]
type Rule = z.infer<typeof role>['rules'][number]

/** What leads to the key, by resource. The admission policies still refuse what they judge. */
const sensitive: Readonly<Record<string, { verbs: readonly string[]; effect: string }>> = {
  secrets: { verbs: ['get', 'list', 'watch'], effect: 'read the key' },
  'serviceaccounts/token': { verbs: ['create'], effect: "issue the application's tokens" },
}

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
      const effects = listEffects(findRole(others, roleRef, namespace))
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
) {
  const found = others.find(
    (each) =>
      each.kind === kind &&
      each.metadata.name === name &&
      (kind === 'ClusterRole' || each.metadata.namespace === namespace),
  )
  return found === undefined ? [] : readAt(role, found, []).rules
}

function listEffects(rules: readonly Rule[]): string[] {
  return Object.entries(sensitive)
    .filter(([resource, { verbs }]) =>
      rules.some(
        (each) =>
          has(each.apiGroups, ['']) &&
          has(each.resources, [resource]) &&
          has(each.verbs, verbs) &&
          (each.resourceNames.length === 0 || each.resourceNames.includes(keySecret)),
      ),
    )
    .map(([, { effect }]) => effect)
}

function has(list: readonly string[], wanted: readonly string[]): boolean {
  return list.includes('*') || wanted.some((each) => list.includes(each))
}
