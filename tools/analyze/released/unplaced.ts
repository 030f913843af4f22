// A resource without a namespace beside others of ours that have one.
import type { Resource } from '../../kube/resources.ts'
import { findOurResources } from '../model/pod.ts'
import type { Difference } from './difference.ts'
import { isShipped, type Scope } from './scope.ts'

export const unplacedEffect =
  'Without it, the resource goes to the current namespace of the user who applies it.'

/** If none of ours has a namespace, a kustomization or `kubectl -n` may give all of them one. */
export function findUnplaced({ metadata }: Resource, scope: Scope): Difference[] {
  if (metadata.namespace !== undefined) return []
  const { namespace, resources } = scope
  const pods = findOurResources(resources)
  const isPlaced = resources.some(
    (each) =>
      each.metadata.namespace === namespace && (pods.includes(each) || isShipped(each, scope)),
  )
  return isPlaced ? [{ path: ['metadata', 'namespace'], shipped: namespace, found: undefined }] : []
}
