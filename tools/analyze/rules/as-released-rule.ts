// The admission policies, their bindings and the texts that containers start with are exactly what this version ships.
import type { Resource } from '../../kube/resources.ts'
import type { Finding } from '../finding.ts'
import { type Difference, findDifferences } from '../released/difference.ts'
import { explainDifferences, explainMissing } from '../released/explain.ts'
import { fillIn } from '../released/filled-in.ts'
import { listScopes, type Scope } from '../released/scope.ts'
import { listShipped, type Shipped } from '../released/shipped.ts'
import type { Rule } from '../rule.ts'

/** What one shape of a scope expects, and how the resources differ from it. */
type Comparison = { missing: Shipped[]; changed: [Resource, Difference[]][] }

export const asReleasedRule: Rule = {
  name: 'as-released',
  title: 'admission policies, their bindings and start-up texts are what this version ships',
  compares: true,
  find: (resources) => listScopes(resources).flatMap(checkScope),
}

function checkScope(scope: Scope): Finding[] {
  const [first, ...others] = scope.shapes.map(({ layout, components }) =>
    compare(scope, listShipped(scope.namespace, layout, components)),
  )
  if (first === undefined) return []
  const { missing, changed } = others.reduce(
    (best, each) => (count(each) < count(best) ? each : best),
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

function compare(scope: Scope, shipped: readonly Shipped[]): Comparison {
  const missing: Shipped[] = []
  const changed: Comparison['changed'] = []
  for (const each of shipped) {
    const { kind, metadata } = each.resource
    const found = scope.resources.filter(
      (other) => other.kind === kind && other.metadata.name === metadata.name,
    )
    if (found.length === 0) missing.push(each)
    for (const resource of found) {
      changed.push([resource, findDifferences(fillIn(each.resource, resource, scope), resource)])
    }
  }
  return { missing, changed }
}

function count({ missing, changed }: Comparison): number {
  return missing.length + changed.reduce((sum, [, differences]) => sum + differences.length, 0)
}
