// Which resources have a say about the signing Pod: those of its namespace, and those of Istio's root namespace, which
// are for every namespace.
import type { Resource } from '../deploy/resources.ts'
import { findSigningResource } from './pod.ts'

const rootNamespace = 'istio-system'

/** True if `resource` is in the signing Pod's namespace; one that names none goes where the Pod goes. */
export function isOfPodNamespace({ metadata }: Resource, resources: readonly Resource[]): boolean {
  const wanted = findSigningResource(resources)?.metadata.namespace
  return [metadata.namespace, wanted].includes(undefined) || metadata.namespace === wanted
}

/** The resources of one kind that have a say about the signing Pod. */
export function listInScope(resources: readonly Resource[], wanted: string): Resource[] {
  return resources
    .filter(({ kind }) => kind === wanted)
    .filter(
      (each) => each.metadata.namespace === rootNamespace || isOfPodNamespace(each, resources),
    )
}
