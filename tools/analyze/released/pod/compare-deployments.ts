// Compares what a Deployment has beside its Pod template: which Pods it takes as its own, and whether it starts any.
import type { Resource } from '../../../kube/resources.ts'
import { valueAt } from '../../finding.ts'
import { matches } from '../../model/namespace.ts'
import { readLabels } from '../../model/pod.ts'
import { findDifferences } from '../difference.ts'
import type { Scope } from '../scope.ts'
import { findUnplaced } from '../unplaced.ts'
import type { PodDifference } from './compare-pods.ts'

/** An application chooses its own selector. `shipped` has one only for our own frontend and signer. */
export function compareDeployments(
  shipped: Resource,
  found: Resource,
  scope: Scope,
): PodDifference[] {
  if (found.kind !== 'Deployment') return []
  const { metadata, spec } = shipped
  const isOurs = valueAt(spec, ['selector']) !== undefined
  const own = Object(found.spec)
  const selector = isOurs ? valueAt(spec, ['selector']) : own.selector
  const wanted = { ...shipped, spec: { selector } }
  const given = { ...found, spec: { selector: own.selector, ...(own.paused && { paused: true }) } }
  const differences = findDifferences(wanted, given, () => undefined)
  return [
    ...findUnplaced(found, scope),
    ...differences,
    ...(isOurs && metadata.name !== found.metadata.name
      ? [{ path: ['metadata', 'name'], shipped: metadata.name, found: found.metadata.name }]
      : []),
    ...(!isOurs && !selectsItsPods(found)
      ? [
          {
            path: ['spec', 'selector'],
            shipped: 'the labels of its Pods',
            found: own.selector,
          },
        ]
      : []),
  ].map((each) => ({ ...each, place: `deployment.${each.path.join('.')}` }))
}

function selectsItsPods(found: Resource): boolean {
  const labels = valueAt(found.spec, ['selector', 'matchLabels'])
  return matches(labels, readLabels(found))
}
