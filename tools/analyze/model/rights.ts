// Rights at the API server that lead to the key or to the signer. The admission policies still refuse what they judge.
import { z } from 'zod'
import { keySecret } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { readAt } from '../finding.ts'

/** `effect`: what its holder can do. `advice`: how the rule leaves it out. */
export type Right = { effect: string; advice: string }
/** `names`: the resources that are ours. A rule with resourceNames gives the right if it has one of them. */
type Sensitive = Right & { resource: string; verbs: readonly string[]; names: readonly string[] }

const strings = z.array(z.string()).default([])
const rules = z
  .array(
    z.looseObject({
      apiGroups: strings,
      resources: strings,
      resourceNames: strings,
      verbs: strings,
    }),
  )
  .nullish()
  .transform((found) => found ?? [])

/** Lists for each rule of a Role or ClusterRole which of these rights it gives. `accounts`: those of our Pods. */
export function listRights(role: Resource, accounts: readonly string[]): Right[][] {
  const sensitive: readonly Sensitive[] = [
    {
      ...{ resource: 'secrets', verbs: ['get', 'list', 'watch'], names: [keySecret] },
      effect: 'read the key',
      advice: `set resourceNames to Secrets other than ${keySecret}`,
    },
    {
      ...{ resource: 'serviceaccounts/token', verbs: ['create'], names: accounts },
      effect: "issue the application's tokens",
      advice: 'set resourceNames to other ServiceAccounts',
    },
    {
      // The names of our Pods are not known before they start.
      ...{ resource: 'pods/ephemeralcontainers', verbs: ['patch', 'update'], names: [] },
      effect: 'add a container beside the signer, in its network namespace',
      advice: 'remove pods/ephemeralcontainers',
    },
  ]
  return readAt(rules, role, ['rules']).map(({ apiGroups, resources, resourceNames, verbs }) =>
    sensitive.filter(
      (each) =>
        has(apiGroups, ['']) &&
        // RBAC has the wildcards * and */token, and no pods/*.
        has(resources, [each.resource, each.resource.replace(/^.*\//, '*/')]) &&
        has(verbs, each.verbs) &&
        (resourceNames.length === 0 || each.names.some((name) => resourceNames.includes(name))),
    ),
  )
}

function has(list: readonly string[], wanted: readonly string[]): boolean {
  return list.includes('*') || wanted.some((each) => list.includes(each))
}
