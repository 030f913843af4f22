// Resources of others in the same files: what they open or weaken. On the cluster, `make analyze LIVE=yes` judges them in the same way.
import type { Resource } from '../../kube/resources.ts'
import { type Finding, valueAt } from '../finding.ts'
import { judgeSubject } from '../live/judge-others.ts'
import { nameOf } from '../live/judgment.ts'
import { findOurResources } from '../model/pod.ts'
import { gatewayPolicy, readPolicies } from '../model/policies.ts'
import { isShipped, listScopes, type Scope } from '../released/scope.ts'
import { readValues } from '../released/values.ts'
import type { Rule } from '../rule.ts'
import { judgeNeighbours } from './neighbours.ts'

const root = 'istio-system'

export const othersRule: Rule = {
  name: 'others',
  title: 'no resource of others opens or weakens the Pods',
  // Where another rule knows the resource, that one says more.
  compares: true,
  find: (resources, application) => listScopes(resources, application).flatMap(judgeScope),
}

function judgeScope(scope: Scope): Finding[] {
  const { namespace, application, all, pod } = scope
  if (pod === undefined) return []
  const own = findOurResources(scope.resources)
  const ours = all.filter((each) => own.includes(each) || isShipped(each, scope))
  const placed = new Map(
    all.filter((each) => !ours.includes(each)).map((each) => [place(each, namespace), each]),
  )
  const others = [...placed.keys()]
  const judgments = judgeSubject({
    ...{ ours, others, application, namespace, root },
    gatewayNamespaces: listGatewayNamespaces(ours),
    issuer: readValues(scope).issuer,
    // Nobody knows what is applied first. Ours is already there.
    createdAt: (each) => (ours.includes(each) ? '' : '9999'),
  })
  const names = new Map([...placed].map(([moved, each]) => [nameOf(moved), each]))
  return [
    ...judgments.flatMap(({ severity, about, message }) => {
      const resource = names.get(about)
      if (severity === 'note' || resource === undefined || isForNamespace(resource)) return []
      return [{ resource, path: [], message: `${message}. Change it, or remove it` }]
    }),
    ...judgeNeighbours(others, scope).map(({ resource, ...rest }) => ({
      ...rest,
      resource: placed.get(resource) ?? resource,
    })),
  ]
}

/** Ours selects the Pods, so it wins. On the cluster, it may be missing. */
function isForNamespace({ kind, spec }: Resource): boolean {
  return kind === 'PeerAuthentication' && valueAt(spec, ['selector']) === undefined
}

/** A resource without a namespace goes to that of the application. */
function place(resource: Resource, namespace: string): Resource {
  const { metadata } = resource
  return { ...resource, metadata: { ...metadata, namespace: metadata.namespace ?? namespace } }
}

function listGatewayNamespaces(ours: readonly Resource[]): string[] {
  const principals = readPolicies(ours)
    .filter(({ name }) => name === gatewayPolicy)
    .flatMap(({ alternatives }) => alternatives.flatMap((each) => each.principals.values))
  return [...new Set(principals.flatMap((each) => each.split('/')[2] ?? []))]
}
