// All resources but the Pods are what this version ships. What a deployment chooses itself is in released/chosen.ts.
import type { Resource } from '../../kube/resources.ts'
import type { Finding } from '../finding.ts'
import { chooseFor } from '../released/chosen.ts'
import { type Difference, findDifferences } from '../released/difference.ts'
import { explainDifferences, explainMissing } from '../released/explain.ts'
import { fillIn } from '../released/filled-in.ts'
import type { Shipped } from '../released/kustomize.ts'
import { isSame, listScopes, type Scope } from '../released/scope.ts'
import { listShipped } from '../released/shipped.ts'
import { findUnplaced } from '../released/unplaced.ts'
import { fillInValues, readValues, type Values } from '../released/values.ts'
import type { Rule } from '../rule.ts'

/** What one shape of a scope expects, and how the resources differ from it. */
type Comparison = { missing: Shipped[]; changed: [Resource, Difference[]][] }

export const asReleasedRule: Rule = {
  name: 'as-released',
  compares: true,
  title: 'policies, routes, roles and start-up texts are what this version ships',
  find: (resources, application) => {
    const found = listScopes(resources, application).flatMap(checkScope)
    // Applications share the resources of other namespaces.
    return [...new Map(found.map((each) => [each.message, each])).values()]
  },
}

function checkScope(scope: Scope): Finding[] {
  const values = readValues(scope)
  const [first, ...others] = scope.shapes.map((shape) =>
    compare(scope, values, listShipped(scope.namespace, scope.application, shape)),
  )
  if (first === undefined) return []
  const { missing, changed } = others.reduce(
    (best, each) => (count(each, scope) < count(best, scope) ? each : best),
    first,
  )
  return [
    // Without the Pod, nobody can tell what belongs to it.
    ...(scope.pod === undefined ? [] : missing).map((each) =>
      explainMissing(
        each,
        changed.map(([resource]) => resource),
      ),
    ),
    ...changed.flatMap(([resource, differences]) => explainDifferences(resource, differences)),
  ]
}

function compare(scope: Scope, values: Values, shipped: readonly Shipped[]): Comparison {
  const missing: Shipped[] = []
  const changed: Comparison['changed'] = []
  for (const each of shipped) {
    // The rules of Pods judge it.
    if (each.resource.kind === 'Deployment') continue
    const found = scope.all.filter((other) => isSame(each.resource, other, scope.namespace))
    // A namespace may belong to somebody else.
    if (found.length === 0 && each.resource.kind !== 'Namespace') missing.push(each)
    // In a folder of two applications, one without a namespace is of the application that has no other.
    const isNamespaced = each.resource.metadata.namespace === scope.namespace
    const isOnly = found.every(({ metadata }) => metadata.namespace === undefined)
    for (const resource of found) {
      const expected = fillIn(fillInValues(each.resource, scope, values), resource, scope)
      const differences = findDifferences(expected, resource, chooseFor(resource, scope, values))
      const unplaced = isNamespaced && isOnly ? findUnplaced(resource, scope) : []
      changed.push([resource, [...unplaced, ...differences]])
    }
  }
  return { missing, changed }
}

/** Without the Pod, the layout is the one whose resources are here. */
function count({ missing, changed }: Comparison, { pod }: Scope): number {
  const differing = changed.reduce((sum, [, differences]) => sum + differences.length, 0)
  return pod === undefined ? differing + missing.length / 1000 : differing + missing.length
}
