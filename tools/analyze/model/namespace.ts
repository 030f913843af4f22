// Which resources apply to our Pods: those of their namespace and of Istio's root namespace, if they select the Pods.
import { namespace } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { valueAt } from '../finding.ts'
import { findOurResources, findSigningResource, readLabels } from './pod.ts'

const rootNamespace = 'istio-system'

/** The namespace of the signing Pod. */
export function findPodNamespace(resources: readonly Resource[]): string {
  return findSigningResource(resources)?.metadata.namespace ?? namespace
}

/** True if `resource` is in the signing Pod's namespace, or names no namespace. */
export function isOfPodNamespace({ metadata }: Resource, resources: readonly Resource[]): boolean {
  const wanted = findPodNamespace(resources)
  return (metadata.namespace ?? wanted) === wanted
}

/** Returns the Namespace of the signing Pod, if `resources` has it. */
export function listPodNamespaces(resources: readonly Resource[]): Resource[] {
  const wanted = findPodNamespace(resources)
  return resources.filter(({ kind, metadata }) => kind === 'Namespace' && metadata.name === wanted)
}

/** Lists the resources of one kind that can apply to the signing Pod. */
export function listInScope(resources: readonly Resource[], wanted: string): Resource[] {
  return resources
    .filter(({ kind }) => kind === wanted)
    .filter(
      (each) => each.metadata.namespace === rootNamespace || isOfPodNamespace(each, resources),
    )
}

/** True if `selector` selects one of our Pods. An empty selector selects every Pod. */
export function selectsPod(selector: unknown, resources: readonly Resource[]): boolean {
  const ours = findOurResources(resources)
  return ours.length === 0 || ours.some((each) => selects(selector, each))
}

/** True if `selector` selects the Pods of `workload`. */
export function selects(selector: unknown, workload: Resource): boolean {
  return matches(selector, readLabels(workload))
}

export function matches(selector: unknown, labels: unknown): boolean {
  return Object.entries(selector ?? {}).every(([name, value]) => valueAt(labels, [name]) === value)
}
