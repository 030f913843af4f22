// Which resources have a say about our Pods: those of its namespace, and those of Istio's root namespace, which
// are for every namespace; and of both, those that select it.
import { namespace } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { valueAt } from '../finding.ts'
import { findOurResources, findSigningResource, readLabels } from './pod.ts'

const rootNamespace = 'istio-system'

/** The namespace of the signing Pod. */
export function findPodNamespace(resources: readonly Resource[]): string {
  return findSigningResource(resources)?.metadata.namespace ?? namespace
}

/** True if `resource` is in the signing Pod's namespace; one that names none goes where the Pod goes. */
export function isOfPodNamespace({ metadata }: Resource, resources: readonly Resource[]): boolean {
  const wanted = findPodNamespace(resources)
  return (metadata.namespace ?? wanted) === wanted
}

/** The Namespace of the signing Pod, if it is among `resources`. */
export function listPodNamespaces(resources: readonly Resource[]): Resource[] {
  const wanted = findPodNamespace(resources)
  return resources.filter(({ kind, metadata }) => kind === 'Namespace' && metadata.name === wanted)
}

/** The resources of one kind that have a say about the signing Pod. */
export function listInScope(resources: readonly Resource[], wanted: string): Resource[] {
  return resources
    .filter(({ kind }) => kind === wanted)
    .filter(
      (each) => each.metadata.namespace === rootNamespace || isOfPodNamespace(each, resources),
    )
}

/** True if Pods with the labels of `selector` can be one of ours; no selector is for every Pod. */
export function selectsPod(selector: unknown, resources: readonly Resource[]): boolean {
  const ours = findOurResources(resources)
  return ours.length === 0 || ours.some((each) => selects(selector, each))
}

/** True if Pods with the labels of `selector` can be those that `maker` makes. */
export function selects(selector: unknown, maker: Resource): boolean {
  return matches(selector, readLabels(maker))
}

export function matches(selector: unknown, labels: unknown): boolean {
  return Object.entries(selector ?? {}).every(([name, value]) => valueAt(labels, [name]) === value)
}
